// SPDX-License-Identifier: MIT
// A program that accepts mail, at least once. It may outlive the run that started it, and it may refuse. TRIED and
// DELIVERED are not flushed one by one; after a power cut, INTENT names the batch (MUTANT_INTENT_NOT_FLUSHED).
#define SLOTS 1

byte handed;                                       // the message that a program is processing, plus one
bool accepted;
byte copies[M];                                    // that programs have accepted
byte surplus, excused;                             // extra copies; how many the law allows: one per kill, a batch per power cut

#define EXCUSE(n) excused = excused + n
#define RELEASE(who) skip

inline take(m_) {
  if
  :: copies[m_] > 0 -> surplus++; REQUIRE(told[m_] && surplus <= excused, doubled)
  :: else -> copies[m_] = 1
  fi
}

proctype Program() {
  byte i;
end_idle:
  do
  :: atomic {
       handed != 0 ->
       if
       :: take(handed - 1); accepted = true
       :: troubles > 0 -> troubles--; accepted = false
       fi;
       handed = 0
     }
  od
}

inline require_safe(m_) { REQUIRE(copies[m_] > 0, lost) }

inline begin() { skip }                            // a file without a name

inline complete() { st[m] = S1 }

inline drop_unfinished() { skip }

inline discard() { EACH(st[i] == S1 || st[i] == S2 || st[i] == S3 -> st[i] = KEPT) }

inline stage() { EACH(st[i] == S1 -> st[i] = S2) }

inline publish() {                                 // S3 -> S4, one by one
  do
  :: atomic { i < M && st[i] != S3 -> i++ }
  :: i < M && st[i] == S3 ->
#ifndef MUTANT_TRIED_AFTER_SPAWN
     row[i] = TRIED;                               // a COMMIT that is not flushed
#endif
     d_step { REQUIRE(handed == 0, meddled); handed = i + 1 };
#ifdef MUTANT_TRIED_AFTER_SPAWN
     row[i] = TRIED;
#endif
     atomic {
       handed == 0 ->
       if
       :: accepted -> st[i] = S4; row[i] = DELIVERED                 // not flushed either
       :: else -> st[i] = KEPT; row[i] = INTENT; met_trouble = true
       fi;
       i++
     }
  :: atomic { i == M -> i = 0; break }
  od;
  flush_database()                                 // before the batch's DELEs
}

inline recover() {
#ifndef MUTANT_RECOVERY_DOES_NOT_WAIT
  handed == 0;
#endif
  if
  :: ANY(row[0] == TRIED, row[1] == TRIED) || ANY(row[0] == INTENT && !fresh[0], row[1] == INTENT && !fresh[1]) ->
     EACH(row[i] == TRIED || (row[i] == INTENT && !fresh[i]) -> row[i] = TRIED; told[i] = true);
     flush_database()
  :: else
  fi
}

inline sweep() { skip }

inline require_all_done() {
  d_step {
    for (i : 0 .. M - 1) { REQUIRE(!listed[i] && (row[i] == DELIVERED || row[i] == REMOVED), stuck) };
    i = 0
  }
}

inline cut_disk() {
  if
  :: handed != 0 -> take(handed - 1)
  :: true
  fi;
  handed = 0
}

inline grow_old() { skip }

inline run_others() { run Program() }
