// SPDX-License-Identifier: MIT
// A Maildir on a disk that does no more than it promises. Until a directory is flushed, each entry that was added or
// removed may be there or not after a power cut, independently of all others, including the two ends of a rename.
#define TMP 1
#define NEW 2
#define CUR 4

#define SLOTS (TROUBLES + 1)
#define FILES (M * SLOTS)                          // file f is a copy of message f / SLOTS

mtype:body = { PART, WHOLE, FLUSHED }
mtype:body body[FILES];
byte now[FILES], disk[FILES];                      // the directories that it is in
bool taken[FILES];                                 // a reader has moved it, and owns it from then on

// A mailhaul of another instance that delivers to the same Maildir.
mtype:neighbour = { IDLE, STAGED, DONE }
mtype:neighbour neighbour = IDLE;
bool neighbours_file;                              // it is in tmp/

#define EXCUSE(n) skip                            // no duplicate is excused
#define RELEASE(who) skip

#define VISIBLE(f) ((now[f] & (NEW | CUR)) != 0)
#define SAFE(f) (taken[f] || ((disk[f] & (NEW | CUR)) && body[f] == FLUSHED))

inline require_safe(m_) {
  do
  :: k < SLOTS && !SAFE(m_ * SLOTS + k) -> k++
  :: else -> break
  od;
  REQUIRE(k < SLOTS, lost);
  k = 0
}

inline begin() {                                   // tmp/NAME, O_EXCL
  d_step {
    do
    :: k < SLOTS && (now[m * SLOTS + k] || disk[m * SLOTS + k] || taken[m * SLOTS + k]) -> k++
    :: else -> break
    od;
    assert(k < SLOTS);
    place[m] = m * SLOTS + k;
    now[place[m]] = TMP;
    body[place[m]] = PART;
    k = 0
  }
}

inline complete() {
  body[place[m]] = WHOLE;
  st[m] = S1
}

inline drop_unfinished() {
  now[place[m]] = now[place[m]] & ~TMP
}

inline discard() {
  EACH(st[i] == S1 || st[i] == S2 || st[i] == S3 -> now[place[i]] = now[place[i]] & ~TMP; st[i] = KEPT)
}

inline sync(directory) {
  d_step {
    for (i : 0 .. FILES - 1) { disk[i] = (disk[i] & ~directory) | (now[i] & directory) };
    i = 0
  }
}

// S1 -> S2. A failed flush is reported once; the next one succeeds without having written anything.
inline stage() {
  atomic {
    if
    :: EACH(st[i] == S1 -> body[place[i]] = FLUSHED)
    :: troubles > 0 -> troubles--;
       met_trouble = true;
#ifndef MUTANT_RETRY_OF_FAILED_FLUSH
       discard();
       goto over
#endif
    fi
  };
  atomic { sync(TMP); EACH(st[i] == S1 -> st[i] = S2) }
}

inline move_to_new(m_, f_) {
  now[f_] = (now[f_] & ~TMP) | NEW;
  for (k : 0 .. SLOTS - 1) {
    REQUIRE(m_ * SLOTS + k == f_ || told[m_] || !(VISIBLE(m_ * SLOTS + k) || taken[m_ * SLOTS + k]), doubled)
  };
  k = 0
}

inline publish() {                                 // S3 -> S4
  do
  :: atomic {
       i < M && st[i] == S3 ->
       if
       :: now[place[i]] & TMP -> move_to_new(i, place[i])
       :: else -> met_trouble = true; goto over    // ENOENT is an error here
       fi;
       i++
     }
  :: atomic { i < M && st[i] != S3 -> i++ }
  :: atomic { i == M -> i = 0; break }
  od;
#ifdef MUTANT_NO_DIRECTORY_FLUSH
  skip;
#else
  sync(NEW);
  sync(TMP);
#endif
  EACH(st[i] == S3 -> st[i] = S4)
}

inline search(directory) {
  EACH(row[i] == INTENT && (now[ticket[i]] & directory) -> seen[i] = true)
}

// S3, S4 -> S5, while a reader may be active.
inline recover() {
  if
  :: ANY(row[0] == INTENT, row[1] == INTENT) ->
#ifndef MUTANT_RECOVERY_BEFORE_FLUSH
     flush_database();                             // the run that wrote INTENT may have died before its flush
#endif
     search(NEW);
     search(CUR);
     do
     :: atomic {
          i < M && row[i] == INTENT ->
          if
          :: seen[i] -> now[ticket[i]] = now[ticket[i]] & ~TMP; st[i] = S4
          :: !seen[i] && (now[ticket[i]] & TMP) -> move_to_new(i, ticket[i]); st[i] = S4
          :: else ->
#if defined(MUTANT_ENOENT_IS_NEVER_DELIVERED)
             st[i] = S0
#elif defined(MUTANT_ENOENT_IS_DELIVERED)
             st[i] = S4
#else
             if
             :: fresh[i] -> st[i] = S4             // a reader took it
             :: else -> st[i] = KEPT
             fi
#endif
          fi;
          i++
        }
     :: atomic { i < M && row[i] != INTENT -> i++ }
     :: atomic { i == M -> i = 0; break }
     od;
     sync(NEW);
     sync(TMP);
     EACH(st[i] == S4 -> row[i] = DELIVERED
       :: st[i] == S0 -> row[i] = UNKNOWN
       :: st[i] == KEPT -> row[i] = DOUBT; told[i] = true);
     flush_database();
     d_step { for (i : 0 .. M - 1) { st[i] = ABSENT; seen[i] = false }; i = 0 }
  :: else
  fi
}

#define NAMED(f) ((row[f / SLOTS] == INTENT || row[f / SLOTS] == DOUBT) && ticket[f / SLOTS] == f)

inline sweep() {
  d_step {
    for (i : 0 .. FILES - 1) {
      if :: (now[i] & TMP) && !NAMED(i) -> now[i] = now[i] & ~TMP :: else fi
    };
#ifdef MUTANT_SWEEP_WITHOUT_INSTANCE
    neighbours_file = false;
#endif
    i = 0
  }
}

inline require_all_done() {
  d_step {
    for (i : 0 .. FILES - 1) { REQUIRE(!(now[i] & TMP), littered) };
    for (i : 0 .. M - 1) { REQUIRE(!listed[i] && (row[i] == DELIVERED || row[i] == REMOVED), stuck) };
    i = 0
  }
}

inline cut_disk() {
  for (f : 0 .. FILES - 1) {
    if :: (now[f] ^ disk[f]) & TMP -> now[f] = now[f] ^ TMP :: true fi;
    if :: (now[f] ^ disk[f]) & NEW -> now[f] = now[f] ^ NEW :: true fi;
    if :: (now[f] ^ disk[f]) & CUR -> now[f] = now[f] ^ CUR :: true fi;
    disk[f] = now[f];
    if :: body[f] == WHOLE -> body[f] = PART :: else fi;
    if :: now[f] != 0 && !(now[f] & CUR) -> taken[f] = false :: else fi;         // the move is undone
    REQUIRE(!VISIBLE(f) || body[f] == FLUSHED, torn)
  };
  f = 0;
  if :: neighbour == STAGED -> neighbour = IDLE; neighbours_file = false :: else fi
}

inline grow_old() {                                // somebody cleans up tmp/
  for (f : 0 .. FILES - 1) {
    if :: now[f] & TMP -> now[f] = now[f] & ~TMP :: true fi
  };
  f = 0
}

proctype Reader(byte f) {
end_reading:
  do
  :: d_step {
       readings > 0 && (now[f] & NEW) -> readings--;
       REQUIRE(body[f] != PART, torn);
       now[f] = (now[f] & ~NEW) | CUR;
       taken[f] = true
     }
  :: d_step { readings > 0 && (now[f] & CUR) -> readings--; now[f] = now[f] & ~CUR }
  od
}

proctype Neighbour() {
end_idle:
  do
  :: d_step { neighbour == IDLE -> neighbour = STAGED; neighbours_file = true }
  :: d_step { neighbour == STAGED -> REQUIRE(neighbours_file, meddled); neighbour = DONE; neighbours_file = false }
  od
}

inline run_others() {
  for (i : 0 .. FILES - 1) { body[i] = PART; run Reader(i) };
  if :: RUNS > 1 -> run Neighbour() :: else fi
}
