// SPDX-License-Identifier: MIT
// The server's side of the law (lib/README.md, sections 1 and 2) as a model for spin: which message is which, and in
// which order they are asked for, at servers that change what they say. A delivery is one step here: law.pml is about
// those. With -DREMOVED mail is removed from the server, with -DLEFT it is left there. A mutant is the law as it was
// before a fault was found: -DMUTANT_<NAME>, where that name stands. One atomic is one request and its answer.
#define N 3                                        // 0 and 1 are on the server; 2 comes later
#define ROWS 4                                     // one more fails under its new UID
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
bool half[N];                                      // half of it comes at the next RETR, and the whole at the one after
bool unstuffed[N];                                 // a line of it is a single dot, and is sent like that
bool poison[N];                                    // RETR ends the connection
bool limited, limit_has_words;                     // one body for each session, then refusals
bool missed;                                       // there was a listing without UID 0
bool away;                                         // message 0: its owner has moved it elsewhere
bool twins;                                        // 0 and 2 have the same header, without a Message-ID
bool odd;                                          // UIDs are shared, or changed
bool in_session;

// What has arrived.
byte copies[N];

// The database.
mtype:standing = { PENDING, DELIVERED, GONE }
typedef Row {
  bool used;
  mtype:standing standing;
  byte uid, header, content, size, failures;
  bool suspect, second;                            // second of two equal messages in a listing
};
Row row[ROWS];
bool sizes_are_off;                                // of this server: it is known for that

byte troubles = TROUBLES, calm;

// What must never happen. `wasted`: a body was read again for its size alone. `pestered`: a refusal did not help.
bool lost, doubled, stranded, wasted, pestered;
#define REQUIRE(what, otherwise) otherwise = !(what); assert(!otherwise)

#define SIZE(i) (1 + grown[i])
#ifdef MUTANT_WHOLE_HEADER
#define ADDED(i) (8 * grown[i])
#else
#define ADDED(i) 0
#endif
#define HEADER(i) ((twins && i == 2 -> 1 : 1 + i) + ADDED(i))                // a hash
#define CONTENT(i) (1 + i + ADDED(i) + 32 * turned[i])
#define HAS_ID(i) (!twins || i == 1)
#define HALF 128

#define DONE(i) (known[i] != NONE && row[known[i]].standing != PENDING)
#define FAILURES(i) (known[i] == NONE -> 0 : row[known[i]].failures)

#ifdef MUTANT_PLACE_DOES_NOT_COUNT
#define FREE(r) true
#else
#define FREE(r) !PLACED(r)
#endif
#define PLACED(r) (known[0] == r || known[1] == r || known[2] == r)

inline forget(r_) {
  row[r_].used = false; row[r_].standing = PENDING; row[r_].second = false;
  row[r_].uid = 0; row[r_].header = 0; row[r_].size = 0; row[r_].failures = 0
}

// A row whose message is not listed is believed no more. One that only counts failures is not needed.
inline note_absent() {
  for (r : 0 .. ROWS - 1) {
    if
    :: row[r].used && !PLACED(r) && row[r].standing == PENDING -> forget(r)
#ifndef MUTANT_RETURNED_IS_BELIEVED
    :: row[r].used && !PLACED(r) && row[r].standing == DELIVERED -> row[r].suspect = true
#endif
    :: else
    fi
  }
}

// Each listed message has the row of its UID. If that is not the only one, TOP is asked: header, size and place decide.
inline identify() {
  for (k : 0 .. N - 1) {
    for (m : 0 .. N - 1) { nameless[k] = nameless[k] || (m != k && listed[m] && listed[k] && uid[m] == uid[k]) };
#ifdef MUTANT_SHARED_UID_IS_BELIEVED
    nameless[k] = false;
#endif
    for (r : 0 .. ROWS - 1) {
      if
      :: !listed[k] || nameless[k] || !row[r].used || row[r].uid != uid[k]
      :: else ->
         if
         :: known[k] == NONE -> known[k] = r
         :: known[k] != NONE && row[known[k]].standing == GONE -> known[k] = r
         :: known[k] != NONE && row[known[k]].standing != GONE -> nameless[k] = row[r].standing != GONE
         fi
      fi
    };
    if :: nameless[k] -> known[k] = NONE :: else fi
  };
  for (k : 0 .. N - 1) {
    for (r : 0 .. 2 * ROWS - 1) {                  // the first of the equal ones, then the second
      m = r % ROWS;
      if
      :: listed[k] && nameless[k] && known[k] == NONE && row[m].used && row[m].second == r / ROWS &&
         row[m].standing != GONE && row[m].header == HEADER(k) && row[m].size == SIZE(k) && FREE(m) -> known[k] = m
      :: else
      fi
    };
    for (m : 0 .. k) {
      second[k] = second[k] || (m != k && nameless[m] && nameless[k] && HEADER(m) == HEADER(k) && SIZE(m) == SIZE(k))
    }
  };
  m = 0
}

inline list() {
  d_step {
    for (k : 0 .. N - 1) {
      known[k] = NONE;
      to_ask[k] = false;
      marked[k] = false;
      nameless[k] = false;
      second[k] = false
    };
    identify();
    note_absent();
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
     :: r < ROWS && row[r].used -> r++
     :: else -> break
     od;
     assert(r < ROWS);
     row[r].used = true;
     row[r].standing = PENDING;
     row[r].uid = uid[m];
     row[r].size = SIZE(m);
     row[r].second = second[m];
     if :: nameless[m] -> row[r].header = HEADER(m) :: else fi;
     known[m] = r
  :: else
  fi
}

inline keep(header_, content_) {
  row[r].standing = DELIVERED;
  row[r].header = header_;
  row[r].content = content_;
  row[r].size = SIZE(m);
  row[r].uid = uid[m];
  row[r].second = second[m];
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

#if defined(MUTANT_ANEW_IS_NEW)
#define MADE_ANEW(r, i) false
#elif defined(MUTANT_ANEW_WITHOUT_ID)
#define MADE_ANEW(r, i) (row[r].header == HEADER(i) && row[r].standing == DELIVERED)
#else
#define MADE_ANEW(r, i) (row[r].header == HEADER(i) && row[r].standing == DELIVERED && HAS_ID(i))
#endif
#define IS_SAME(r, i) (row[r].content == CONTENT(i) || (row[r].uid == uid[i] && MADE_ANEW(r, i)))

// No row of its UID: its content may be that of a row that no message is proven to have.
inline take_new() {
  found = NONE;
#ifndef MUTANT_NEW_UID_IS_NEW
  for (r : 0 .. ROWS - 1) {
    if
    :: row[r].used && row[r].standing == DELIVERED && row[r].content == CONTENT(m) &&
       (!PLACED(r) || row[r].suspect) -> found = r
    :: else
    fi
  };
#endif
  if
  :: found != NONE ->
     if :: known[m] != NONE -> forget(known[m]) :: else fi;
     for (k : 0 .. N - 1) { if :: known[k] == found -> known[k] = NONE :: else fi };
     known[m] = found;
     r = found;
     keep(HEADER(m), CONTENT(m))
  :: else -> deliver()
  fi;
  k = 0; found = 0
}

// The body has come, of a message that is new, or that its row may know.
inline take() {
  bodies++;
  if :: anew[m] -> turned[m] = !turned[m] :: else fi;
  r = known[m];
  if
  :: DONE(m) && IS_SAME(r, m) ->
     if
     :: row[r].standing == DELIVERED && !row[r].suspect && row[r].size != SIZE(m) ->
#ifdef LEFT
        REQUIRE(!read_again[m] || !HAS_ID(m), wasted);
#endif
        read_again[m] = true
     :: else
     fi;
     sizes_are_off = sizes_are_off || row[r].size != SIZE(m);
     keep(HEADER(m), CONTENT(m))
  :: DONE(m) && !IS_SAME(r, m) ->
     row[r].uid = NONE;                            // another message has its UID now
     known[m] = NONE;
     take_new()
  :: !DONE(m) -> take_new()
  fi
}

inline refuse() {
  refusals++;
  REQUIRE(refusals <= SAME && !(limit_has_words && refusals > 1), pestered);
#ifndef MUTANT_ASKS_ON
  stopped = limit_has_words || refusals == SAME;
#endif
  fails = !stopped
}

// Without a look at what is removed nobody could see that a UID, never missing, is another message's now.
#ifdef REMOVED
#define SEEN_MISSING true
#define OWN(i) true
#else
#define SEEN_MISSING missed
#define OWN(i) (!listed[i] || uid[i] != uid[0] || copies[i] > 0)
#endif

#define REFUSED (limited && bodies > 0)

#ifdef MUTANT_NOTHING_IS_A_MESSAGE
#define NOTHING_IS_KEPT true
#else
#define NOTHING_IS_KEPT false
#endif
#ifdef MUTANT_CUT_IS_WHOLE
#define CUT_IS_KEPT true
#else
#define CUT_IS_KEPT false
#endif
#ifdef MUTANT_SHORT_IS_WHOLE
#define SHORT_IS_KEPT true
#else
#define SHORT_IS_KEPT false
#endif
#ifdef MUTANT_LATEST_IS_WHOLE
#define LATEST_IS_KEPT true
#else
#define LATEST_IS_KEPT false
#endif

inline retrieve() {
  ends = true;                                     // the session
  part = false;                                    // what came is kept, although it is a part
  if
  :: troubles > 0 -> troubles--; calm = 0; fails = true                    // the connection is lost
  :: poison[m] -> fails = true
  :: !poison[m] && REFUSED -> ends = false; refuse()
  :: !poison[m] && !REFUSED && bodiless[m] -> ends = false; fails = true; part = NOTHING_IS_KEPT
  :: !poison[m] && !REFUSED && !bodiless[m] && half[m] ->
     half[m] = false;
     fails = true;
     if
     :: part = CUT_IS_KEPT                         // the connection is lost behind it
     :: part = SHORT_IS_KEPT                       // a proper answer follows; asked again alone, the whole comes
     fi
  :: !poison[m] && !REFUSED && !bodiless[m] && !half[m] && unstuffed[m] ->
     fails = true;
     part = LATEST_IS_KEPT                         // the rest of it is no answer
  :: !poison[m] && !REFUSED && !bodiless[m] && !half[m] && !unstuffed[m] -> ends = false; refusals = 0; take()
  fi;
  if
  :: fails ->
     find_row();
     fails = false;
     if
     :: part -> keep(HEADER(m), HALF)
     :: else -> row[r].failures++                  // it comes last
     fi
  :: else
  fi;
  part = false;
  if :: ends -> ends = false; goto broken :: else fi
}

#if defined(MUTANT_BODY_FOR_A_SIZE) || defined(REMOVED)
#define SIZE_FITS(r, i) (row[r].size == SIZE(i))
#else
#define SIZE_FITS(r, i) (row[r].size == SIZE(i) || sizes_are_off)
#endif
#ifdef MUTANT_HEADER_IS_PROOF
#define HEADER_FITS(r, i) (row[r].header == HEADER(i))
#else
#define HEADER_FITS(r, i) (row[r].header == HEADER(i) && HAS_ID(i))
#endif

inline ask() {
  atomic {
    r = known[m];
    to_ask[m] = false;
    if
    :: DONE(m) && row[r].standing == DELIVERED && row[r].uid == uid[m] && HEADER_FITS(r, m) && SIZE_FITS(r, m) ->
       keep(HEADER(m), row[r].content)             // TOP proves it
    :: else -> retrieve()
    fi;
    r = 0
  }
}

#ifdef MUTANT_FAILED_IN_ANY_ORDER
#define BEFORE(i, j) (FAILURES(i) == 0 && FAILURES(j) > 0)
#else
#define BEFORE(i, j) (FAILURES(i) < FAILURES(j))
#endif
#if defined(REMOVED) && !defined(MUTANT_FAILED_BEFORE_QUIT)
#define QUIT_FIRST (marked[0] || marked[1] || marked[2])
#else
#define QUIT_FIRST false
#endif

// The next one: what never failed comes first, then those with the fewest failures, after a QUIT if there is reason.
inline choose() {
  m = NONE;
  for (k : 0 .. N - 1) {
    if
    :: to_ask[k] && m == NONE -> m = k
    :: to_ask[k] && m != NONE && BEFORE(k, m) -> m = k
    :: else
    fi
  };
  k = 0;
  if :: stopped -> m = NONE :: else fi;
  if
  :: m != NONE && FAILURES(m) > 0 && !failed_only ->
     later = QUIT_FIRST;
     failed_only = true;
     if :: later -> m = NONE :: else fi
  :: else
  fi
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
  bool to_ask[N], marked[N], read_again[N], nameless[N], second[N], stopped, failed_only, later, fails, part, ends;

end_waiting:
  do
  :: calm < CALM ->
     failed_only = false;
again:
     in_session = true;
     list();
     do
     :: atomic { choose(); if :: m == NONE -> m = 0; break :: else fi };
        ask()
     od;
     quit();
     if :: later -> later = false; goto again :: else fi;
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
         known[k] = 0; to_ask[k] = false; marked[k] = false; nameless[k] = false; second[k] = false
       };
       m = 0; k = 0; r = 0; refusals = 0; bodies = 0; stopped = false; failed_only = false; later = false
     }
  od
}

#define PLAIN(i) (!anew[i] && !poison[i] && !unstuffed[i])

// What servers do between two sessions, and other programs there.
proctype Trouble() {
  byte i;
end_calm:
  do
  :: atomic {
       !in_session && troubles > 0 -> troubles--; calm = 0;
       if :: i = 0 :: i = 1 fi;
       if
       :: !(twins && odd && i == 0) -> grown[i] = !grown[i]
       :: !anew[i] && copies[i] == 0 && !odd && !(twins && i == 0) -> anew[i] = true
       :: copies[i] == 0 -> bodiless[i] = true
       :: copies[i] == 0 -> half[i] = true
       :: copies[i] == 0 -> unstuffed[i] = true
       :: copies[i] == 0 -> poison[i] = true
       :: !limited -> limited = true; if :: limit_has_words = true :: true fi
       :: listed[0] && copies[0] > 0 && OWN(1) && OWN(2) -> listed[0] = false; away = true
       :: i == 0 && PLAIN(0) && !listed[2] && copies[2] == 0 && listed[0] && !(twins && grown[0]) ->
          listed[2] = true; uid[2] = uid[0]; odd = true
       :: i == 1 && PLAIN(1) && listed[0] && listed[1] && uid[1] != uid[0] && !anew[0] ->
          uid[1] = uid[0]; odd = true
       :: i == 1 && listed[1] && uid[1] == 1 && copies[1] > 0 && !anew[1] -> uid[1] = 3; odd = true
       :: else                                     // nothing is left to do to this one
       fi;
       i = 0
     }
  :: atomic { !in_session && !listed[2] && copies[2] == 0 -> calm = 0; listed[2] = true; uid[2] = 2 }
  :: atomic {
       !in_session && !listed[2] && copies[2] == 0 && !listed[0] && SEEN_MISSING -> calm = 0;
       listed[2] = true;
       uid[2] = 0
     }
  :: atomic { !in_session && away && uid[2] != 0 -> calm = 0; listed[0] = true; away = false }
  :: atomic { !in_session && (bodiless[0] || bodiless[1]) -> calm = 0; bodiless[0] = false; bodiless[1] = false }
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. N - 1) { uid[i] = i; listed[i] = (i < 2) };
    i = 0;
    if :: twins = true :: true fi;
    run Mailhaul();
    run Trouble()
  }
}
