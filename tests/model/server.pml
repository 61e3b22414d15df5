// SPDX-License-Identifier: MIT
// The server's side of the law (lib/README.md, sections 1 and 2) as a model for spin: which message is which, and in
// which order they are asked for, at servers that change what they say. A delivery is one step here: law.pml is about
// those. With -DREMOVED mail is removed from the server, otherwise it is left there. A mutant is the law as it was before
// a fault was found: -DMUTANT_<NAME>, where that name stands. One atomic is one request and its answer.
#define N 3                                        // 0 and 1 are on the server; 2 comes later
#ifndef TROUBLES
#define TROUBLES 2
#endif
#define CALM 6                                     // runs after the last trouble, by which everything must be done
#define SAME 2                                     // refusals in the same words that end the asking; the law has 3
#define NONE 255

// The server. All messages have one size, until the server adds a line to them.
bool listed[N];
byte uid[N];
bool grown[N];                                     // it has added a line to the header
bool anew[N], turned[N];                           // it makes the body anew at each RETR
bool bodiless[N];                                  // its body is not there yet
bool unstuffed[N];                                 // a line of it is a single dot, and is sent like that
bool poison[N];                                    // RETR ends the connection
bool limited, limit_has_words;                     // one body for each session, then refusals
bool missed;                                       // there was a listing without UID 0
bool away;                                         // message 0: its owner has moved it elsewhere
bool in_session;

// What has arrived.
byte copies[N];

// The database.
mtype:standing = { PENDING, DELIVERED, GONE }
typedef Row {
  bool used;
  mtype:standing standing;
  byte uid, header, content, size, failures;
  bool suspect;
};
Row row[N];
bool sizes_are_off;                                // of this server: it is known for that

byte troubles = TROUBLES, calm;

// What must never happen. `wasted`: a body was read again for its size alone. `pestered`: a refusal did not help.
bool lost, doubled, stranded, wasted, pestered;
#define REQUIRE(what, otherwise) otherwise = !(what); assert(!otherwise)

#define SIZE(i) (1 + grown[i])
#ifdef MUTANT_WHOLE_HEADER
#define HEADER(i) (1 + i + 8 * grown[i])           // a hash
#else
#define HEADER(i) (1 + i)
#endif
#define CONTENT(i) (HEADER(i) + 32 * turned[i])
#define HALF 128
#define NOTHING 0

#define DONE(i) (known[i] != NONE && row[known[i]].standing != PENDING)
#define FAILURES(i) (known[i] == NONE -> 0 : row[known[i]].failures)

// Each listed message has the row of its UID. A row whose UID is not listed is believed no more.
inline list() {
  d_step {
    for (k : 0 .. N - 1) {
      known[k] = NONE;
      to_ask[k] = false;
      marked[k] = false
    };
    for (r : 0 .. N - 1) {
      found = NONE;
      for (k : 0 .. N - 1) { if :: listed[k] && row[r].used && row[r].uid == uid[k] -> found = k :: else fi };
      if
      :: found != NONE -> known[found] = r
#ifndef MUTANT_RETURNED_IS_BELIEVED
      :: found == NONE && row[r].used && row[r].standing == DELIVERED -> row[r].suspect = true
#endif
      :: else
      fi
    };
    missed = true;
    for (k : 0 .. N - 1) {
      if :: listed[k] && uid[k] == 0 -> missed = false :: else fi;
      if
      :: !listed[k]
      :: listed[k] && !DONE(k) -> to_ask[k] = true
      :: listed[k] && DONE(k) ->
         to_ask[k] = row[known[k]].suspect || row[known[k]].standing == GONE || row[known[k]].size != SIZE(k);
#ifdef REMOVED
         to_ask[k] = true                          // DELE only what this session has seen
#endif
      fi
    };
    refusals = 0; bodies = 0; stopped = false; found = 0; k = 0; r = 0
  }
}

inline find_row() {                                // of message m, or a new one
  r = known[m];
  if
  :: r == NONE ->
     r = 0;
     do
     :: r < N && row[r].used -> r++
     :: else -> break
     od;
     assert(r < N);
     row[r].used = true;
     row[r].standing = PENDING;
     row[r].uid = uid[m];
     known[m] = r
  :: else
  fi
}

inline comes_last() {
  find_row();
  row[r].failures++
}

inline keep(header_, content_) {
  row[r].standing = DELIVERED;
  row[r].header = header_;
  row[r].content = content_;
  row[r].size = SIZE(m);
  row[r].suspect = false;
  row[r].failures = 0;
#ifdef REMOVED
  marked[m] = true;
#endif
}

inline deliver() {                                 // the whole message
  REQUIRE(copies[m] == 0, doubled);
  copies[m]++;
  find_row();
  keep(HEADER(m), CONTENT(m))
}

#ifdef MUTANT_ANEW_IS_NEW
#define IS_SAME(r, i) (row[r].content == CONTENT(i))
#else
#define IS_SAME(r, i) (row[r].content == CONTENT(i) || row[r].header == HEADER(i))
#endif

// The body has come, of a message that is new, or that its row may know.
inline take() {
  bodies++;
  if :: anew[m] -> turned[m] = !turned[m] :: else fi;
  r = known[m];
  if
  :: DONE(m) && IS_SAME(r, m) ->
     if
     :: row[r].standing == DELIVERED && !row[r].suspect && row[r].size != SIZE(m) ->
        REQUIRE(!read_again[m], wasted);
        read_again[m] = true
     :: else
     fi;
     sizes_are_off = sizes_are_off || row[r].size != SIZE(m);
     keep(HEADER(m), CONTENT(m))
  :: DONE(m) && !IS_SAME(r, m) ->
     row[r].uid = NONE;                            // another message has its UID now
     known[m] = NONE;
     deliver()
  :: !DONE(m) -> deliver()
  fi
}

inline refuse() {
  refusals++;
  REQUIRE(refusals <= SAME && !(limit_has_words && refusals > 1), pestered);
#ifndef MUTANT_ASKS_ON
  stopped = limit_has_words || refusals == SAME;
#endif
  if :: stopped :: else -> comes_last() fi
}

#define REFUSED (limited && bodies > 0)

inline retrieve() {
  if
  :: troubles > 0 -> troubles--; calm = 0; comes_last(); goto broken       // the connection is lost
  :: poison[m] -> comes_last(); goto broken
  :: !poison[m] && REFUSED -> refuse()
  :: !poison[m] && !REFUSED && bodiless[m] ->
#ifdef MUTANT_NOTHING_IS_A_MESSAGE
     find_row();
     keep(NOTHING, NOTHING)
#else
     comes_last()
#endif
  :: !poison[m] && !REFUSED && !bodiless[m] && unstuffed[m] ->
#ifdef MUTANT_LATEST_IS_WHOLE
     find_row();
     keep(HEADER(m), HALF);
#else
     comes_last();
#endif
     goto broken                                   // the rest of it is no answer
  :: !poison[m] && !REFUSED && !bodiless[m] && !unstuffed[m] -> refusals = 0; take()
  fi
}

#ifdef MUTANT_BODY_FOR_A_SIZE
#define SIZE_FITS(r, i) (row[r].size == SIZE(i))
#else
#define SIZE_FITS(r, i) (row[r].size == SIZE(i) || sizes_are_off)
#endif

inline ask() {
  atomic {
    r = known[m];
    to_ask[m] = false;
    if
    :: DONE(m) && row[r].standing == DELIVERED && row[r].header == HEADER(m) && SIZE_FITS(r, m) ->
       keep(HEADER(m), row[r].content)             // TOP proves it
    :: else -> retrieve()
    fi;
    r = 0
  }
}

inline ask_failed() {                              // fewest failures first
  do
  :: atomic {
       m = NONE;
       for (k : 0 .. N - 1) {
         if
         :: to_ask[k] && m == NONE -> m = k
#ifndef MUTANT_FAILED_IN_ANY_ORDER
         :: to_ask[k] && m != NONE && FAILURES(k) < FAILURES(m) -> m = k
#endif
         :: else
         fi
       };
       k = 0;
       if :: m == NONE || stopped -> m = 0; break :: else fi
     };
     ask()
  od
}

inline quit() {
  atomic {
    for (k : 0 .. N - 1) {
      if
      :: marked[k] ->
         REQUIRE(copies[k] > 0, lost);
         listed[k] = false;
         row[known[k]].standing = GONE;
         marked[k] = false
      :: else
      fi
    };
    k = 0;
    in_session = false
  }
}

#ifdef REMOVED
#define SETTLED(i) false                           // it should not be there
#else
#define SETTLED(i) (copies[i] == 1)
#endif

proctype Mailhaul() {
  byte known[N], m, k, r, found, refusals, bodies;
  bool to_ask[N], marked[N], read_again[N], stopped, failed_only, later;

end_waiting:
  do
  :: calm < CALM ->
     failed_only = false;
again:
     in_session = true;
     list();
     if
     :: !failed_only ->
        do
        :: atomic { m < N && !(to_ask[m] && FAILURES(m) == 0 && !stopped) -> m++ }
        :: m < N && to_ask[m] && FAILURES(m) == 0 && !stopped -> ask()
        :: atomic { m == N -> m = 0; break }
        od
     :: else
     fi;
     atomic {
       later = false;
#if defined(REMOVED) && !defined(MUTANT_FAILED_BEFORE_QUIT)
       for (k : 0 .. N - 1) { later = later || marked[k] };
       later = later && !failed_only;
       for (k : 0 .. N - 1) { if :: to_ask[k] -> r = 1 :: else fi };
       later = later && r == 1;
       k = 0; r = 0
#endif
     };
     if :: !later -> ask_failed() :: else fi;
     quit();
     if
     :: later && !stopped -> failed_only = true; goto again
     :: else
     fi;
     goto over;
broken:
     in_session = false;                           // no QUIT: the server forgets the marks
over:
     calm++;
     d_step {
       for (k : 0 .. N - 1) {
         if
         :: calm == CALM && listed[k] && !bodiless[k] && !unstuffed[k] && !poison[k] -> REQUIRE(SETTLED(k), stranded)
         :: else
         fi;
         known[k] = 0; to_ask[k] = false; marked[k] = false
       };
       m = 0; k = 0; r = 0; refusals = 0; bodies = 0; stopped = false; failed_only = false; later = false
     }
  od
}

// What servers do between two sessions, and other programs there.
proctype Trouble() {
  byte i;
end_calm:
  do
  :: atomic {
       !in_session && troubles > 0 -> troubles--; calm = 0;
       if :: i = 0 :: i = 1 fi;
       if
       :: grown[i] = !grown[i]
       :: !anew[i] && copies[i] == 0 -> anew[i] = true
       :: copies[i] == 0 -> bodiless[i] = true
       :: copies[i] == 0 -> unstuffed[i] = true
       :: copies[i] == 0 -> poison[i] = true
       :: !limited -> limited = true; if :: limit_has_words = true :: true fi
       :: listed[0] && copies[0] > 0 -> listed[0] = false; away = true
       fi;
       i = 0
     }
  :: atomic { !in_session && !listed[2] && copies[2] == 0 -> calm = 0; listed[2] = true; uid[2] = 2 }
  :: atomic { !in_session && !listed[2] && copies[2] == 0 && !listed[0] && missed -> calm = 0; listed[2] = true; uid[2] = 0 }
  :: atomic { !in_session && away && uid[2] != 0 -> calm = 0; listed[0] = true; away = false }
  :: atomic { !in_session && (bodiless[0] || bodiless[1]) -> calm = 0; bodiless[0] = false; bodiless[1] = false }
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. N - 1) { uid[i] = i; listed[i] = (i < 2) };
    i = 0;
    run Mailhaul();
    run Trouble()
  }
}
