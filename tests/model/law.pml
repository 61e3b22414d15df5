// SPDX-License-Identifier: MIT
// The law of lib/README.md as a model for spin: M messages on a server, RUNS runs of mailhaul, and TROUBLES. What a
// destination does is in maildir.pml, mbox.pml and mda.pml (-DMAILDIR, -DMBOX, -DMDA). A mutant is the law with one
// step wrong: -DMUTANT_<NAME>, where that name stands. One atomic or EACH is one system call, or one command of POP3.
#define M 2
#ifndef RUNS
#define RUNS 1
#endif
#ifndef TROUBLES
#define TROUBLES 2
#endif
#ifndef READINGS
#define READINGS 2
#endif

// The state of a message in a run, as in the law. KEPT: it stays on the server, and the run continues with the others.
mtype:state = { ABSENT, S0, S1, S2, S3, S4, S5, KEPT }
// The state of its row in the database. REMOVED is GONE in the law, S7.
mtype:row = { UNKNOWN, INTENT, TRIED, DELIVERED, DOUBT, REMOVED }

// The server has one session at a time (RFC 1939, section 8). The marks of DELE end with the session.
bool listed[M], marked[M];
byte session;                                      // of which run: run + 1

// The database: everybody sees a COMMIT at once; it survives a power cut once it is flushed.
mtype:row row[M], row_disk[M];
byte ticket[M];
bool fresh[M];                                     // the ticket is of this boot and less than a day old

// The machine.
byte lock;                                         // the mailbox's: run + 1
bool todo[2], running[2], killed[2];
byte troubles = TROUBLES, readings = READINGS;

// What must never happen. `baffled`: a message is gone, and its row does not say that it was delivered.
bool lost, doubled, torn, stuck, littered, meddled, baffled;
bool told[M];                                      // the user was warned of a second copy
#define REQUIRE(what, otherwise) otherwise = !(what); assert(!otherwise)

#define CONNECTED (session == me + 1)
#define EACH(what) d_step { for (i : 0 .. M - 1) { if :: what :: else fi }; i = 0 }
#define ANY(what_0, what_1) ((what_0) || (what_1))

inline end_session() {
  session = 0;
  for (i : 0 .. M - 1) { marked[i] = false };
  i = 0
}

#if defined(MAILDIR)
#include "maildir.pml"
#elif defined(MBOX)
#include "mbox.pml"
#else
#include "mda.pml"
#endif

// What the server removed is safe here, whatever happens next.
inline require_no_loss() {
  for (i : 0 .. M - 1) { if :: !listed[i] -> require_safe(i) :: else fi };
  i = 0
}

// ---- COMMITs

inline flush_database() {
  d_step { for (i : 0 .. M - 1) { row_disk[i] = row[i] }; i = 0 }
}

inline may_fail() {                                // the COMMIT: whether it succeeded is unknown
  if
  :: true
  :: troubles > 0 -> troubles--;
     met_trouble = true;
#ifdef MUTANT_UNDO_AFTER_FAILED_COMMIT
     discard();
#endif
     goto over
  fi
}

inline intend() {                                  // S2 -> S3; for the previous batch: S4 -> S5
  atomic {
    may_fail();
    EACH(st[i] == S4 -> st[i] = S5; row[i] = DELIVERED
      :: st[i] == S2 -> st[i] = S3; row[i] = INTENT; ticket[i] = place[i]; fresh[i] = true)
  };
#ifdef MUTANT_INTENT_NOT_FLUSHED
  skip
#else
  atomic { may_fail(); flush_database() }
#endif
}

inline conclude() {                                // S4 -> S5
  if
  :: ANY(st[0] == S4, st[1] == S4) ->
     EACH(st[i] == S4 -> st[i] = S5; row[i] = DELIVERED);
     flush_database()
  :: else
  fi
}

// ---- the engine

inline settle() {                                  // S1 -> S4, for a batch
  if
  :: ANY(st[0] == S1, st[1] == S1) ->
#ifdef MUTANT_PUBLISH_BEFORE_INTENT
     stage();
     EACH(st[i] == S2 -> st[i] = S3);
     publish();
     EACH(st[i] == S4 && row[i] != DELIVERED -> row[i] = INTENT; ticket[i] = place[i]);
     flush_database();
#else
     stage();
     intend();
     publish();
#endif
     EACH(st[i] == S4 && CONNECTED -> marked[i] = true)              // DELE
  :: else
  fi
}

inline receive() {                                 // S0 -> S1
  begin();
  atomic {
    if
    :: !CONNECTED -> drop_unfinished(); goto broken
    :: CONNECTED ->
#ifdef MUTANT_DELE_BEFORE_PUBLISH
       marked[m] = true;
#endif
       if
       :: complete()
       :: troubles > 0 -> troubles--;              // a full disk
          met_trouble = true;
          drop_unfinished();
          st[m] = KEPT
       fi
    fi
  }
}

// A listed message is recognised by its row. What an earlier run delivered is removed now.
inline list_and_plan() {
  d_step {
    session == 0 -> session = me + 1;
    for (i : 0 .. M - 1) {
      if
      :: !listed[i] -> REQUIRE(row[i] == DELIVERED || row[i] == REMOVED, baffled)
      :: listed[i] && (row[i] == DELIVERED || row[i] == REMOVED) -> st[i] = S5; marked[i] = true
      :: else -> st[i] = S0
      fi
    };
    i = 0
  }
}

inline quit() {
#ifndef MUTANT_QUIT_BEFORE_FLUSH
  if
  :: ANY(marked[0], marked[1]) -> flush_database() // the run that wrote DELIVERED may have died before its flush
  :: else
  fi;
#endif
  atomic {
    if
    :: CONNECTED ->                                // S6
       d_step {
         for (i : 0 .. M - 1) { if :: marked[i] -> listed[i] = false :: else fi };
         end_session();
         require_no_loss()
       }
    :: else -> met_trouble = true; goto over
    fi
  };
  if
  :: EACH(!listed[i] && st[i] == S5 -> row[i] = REMOVED)             // S7
  :: atomic { troubles > 0 -> troubles--; met_trouble = true; goto over }        // the answer to QUIT is lost
  fi;
  flush_database()
}

proctype Mailhaul(byte me) {
  mtype:state st[M];
  byte place[M];                                   // where the message is in the destination
  bool met_trouble, seen[M];
  byte m, i, k;

  d_step { for (i : 0 .. M - 1) { st[i] = ABSENT }; i = 0 };
end_waiting:
  do
  :: todo[me] ->
     {
       atomic {
         todo[me] = false;
         running[me] = true;
#ifndef MUTANT_NO_MAILBOX_LOCK
         if
         :: lock == 0 -> lock = me + 1
         :: else -> goto away                      // 75
         fi
#endif
       };
       sweep();                                    // before the first COMMIT
       recover();
       list_and_plan();
       do
       :: atomic { m < M && st[m] != S0 -> m++ }
       :: m < M && st[m] == S0 ->
          receive();
          m++;
          if
          :: m < M -> settle()                     // the batch is full
          :: true
          fi
       :: m == M -> break
       od;
       settle();
#ifdef MUTANT_QUIT_BEFORE_DELIVERED
       quit();
       conclude();
#else
       conclude();
       quit();
#endif
       sweep();
       goto over;
broken:
       met_trouble = true;
       if                                          // whole messages are settled, or not; no QUIT
       :: settle()
       :: discard()
       fi;
       conclude();
over:
       atomic {
         if :: CONNECTED -> end_session() :: else fi;
         if
         :: met_trouble -> todo[me] = true         // the next run
         :: else -> require_all_done()
         fi;
         if :: lock == me + 1 -> lock = 0 :: else fi;
         RELEASE(me)
       };
away:
       skip
     } unless { killed[me] };
     d_step {
       killed[me] = false;
       running[me] = false;
       met_trouble = false;
       for (i : 0 .. M - 1) { st[i] = ABSENT; place[i] = 0; seen[i] = false };
       m = 0; i = 0; k = 0
     }
  od
}

// ---- troubles

inline kill(who) {
  killed[who] = true;
  todo[who] = true;
  if :: lock == who + 1 -> lock = 0 :: else fi;
  if :: session == who + 1 -> end_session() :: else fi;
  RELEASE(who)
}

inline power_cut() {
  EXCUSE(M);
  if :: running[0] && !killed[0] -> kill(0) :: else -> todo[0] = true fi;
  if :: running[1] && !killed[1] -> kill(1) :: else fi;
  for (i : 0 .. M - 1) {
    if
    :: row[i] = row_disk[i]
    :: row[i] != row_disk[i] -> row_disk[i] = row[i]
    fi;
    fresh[i] = false
  };
  i = 0;
  cut_disk();
  require_no_loss()
}

proctype Trouble() {
  byte i, k, f;
end_calm:
  do
  :: atomic { troubles > 0 && running[0] && !killed[0] -> troubles--; EXCUSE(1); kill(0) }
  :: atomic { troubles > 0 && running[1] && !killed[1] -> troubles--; EXCUSE(1); kill(1) }
  :: atomic { troubles > 0 && session != 0 -> troubles--; end_session() }
  :: atomic { troubles > 0 -> troubles--; power_cut() }
  :: atomic {                                      // two days without a run
       troubles > 0 && !running[0] && !running[1] -> troubles--;
       for (i : 0 .. M - 1) { fresh[i] = false };
       i = 0;
       todo[0] = true;
       grow_old()
     }
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. M - 1) { listed[i] = true; row[i] = UNKNOWN; row_disk[i] = UNKNOWN };
    for (i : 0 .. RUNS - 1) { todo[i] = true; run Mailhaul(i) };
    run Trouble();
    run_others();
    i = 0
  }
}
