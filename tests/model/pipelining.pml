// SPDX-License-Identifier: MIT
// A session with PIPELINING that ends in the middle (lib/README.md, section 2) as a model for spin. All requests are
// on their way at once; the n-th answer is taken for the answer to the n-th request, and if the server skips one,
// bodies are under their neighbours' names. All messages have one size, so that only the end of the session shows it.
// A delivery is one step here. A mutant is the law with one step wrong: -DMUTANT_<NAME>, where that name stands.
#define N 3                                        // messages
#define ROWS 4                                     // one may come twice, see below
#define REQUESTS 6                                 // each message is asked for twice at most: TOP, then RETR
#ifndef TROUBLES
#define TROUBLES 2
#endif
#define CALM 2                                     // runs after the last trouble, by which everything must be done
#define NONE 15

bool twins;                                        // 0 and 1 have the same header, without a Message-ID
bool anew;                                         // the body of 1 is made anew at each RETR ...
bool turned;                                       // ... and is this one now
bool removes;                                      // mail is removed from the server
bool listed[N];
byte copies[N];
bool may_double;                                   // 1 is made anew, and was settled under another name before a doubt

typedef Row {
  bool used, gone, suspect;
  byte uid, body;                                  // NONE: no message has this row by its UID
}
Row row[ROWS];
bool one_by_one;                                   // PIPELINING is broken
byte breaks;                                       // ends between two answers

byte troubles = TROUBLES, calm;
bool lost, doubled, stranded;
#define REQUIRE(what, otherwise) otherwise = !(what); assert(!otherwise)

// What came: a body, or a header alone. HALF: it has not the size that LIST says.
#define BODY(i) (i + 4 * (turned && i == 1))
#define MESSAGE(body_) (body_ % 4)
#define HEADER(body_) (twins && MESSAGE(body_) == 1 -> 0 : MESSAGE(body_))
#define HEAD 32                                    // only a header, as TOP shows it
#define HALF 64

#ifdef MUTANT_HEADER_IS_PROOF
#define HAS_ID(i) true
#else
#define HAS_ID(i) (!twins || i == 2)
#endif

mtype:evidence = { NOTHING, IN_A_BODY, AT_A_BORDER, NO_STATUS, CAME_BACK_DIFFERENT }

#define PLACED(r) (known[0] == r || known[1] == r || known[2] == r)
#ifdef MUTANT_ONLY_DELIVERED_ARE_SUSPECT
#define RECOGNISED(r) touched[r] = touched[r]
#else
#define RECOGNISED(r) touched[r] = true
#endif

inline confirm() {                                 // row r is message m
  row[r].suspect = false;
  RECOGNISED(r);
  marked[m] = removes
}

// A body came for message m: its row, or one that no message is proven to have, may know it. Otherwise it is new.
inline take() {
  if
  :: r != NONE && row[r].body != came && !(HEADER(row[r].body) == HEADER(came) && HAS_ID(MESSAGE(came))) ->
     row[r].uid = NONE;                            // another message has its UID
     known[m] = NONE;
     r = NONE
  :: else
  fi;
  if
  :: r == NONE ->
     for (k : 0 .. ROWS - 1) {
       if
       :: row[k].used && !row[k].gone && row[k].body == came && (!PLACED(k) || row[k].suspect) -> r = k
       :: else
       fi
     };
     for (k : 0 .. N - 1) { if :: r != NONE && known[k] == r -> known[k] = NONE :: else fi };
     k = 0
  :: else
  fi;
  if
  :: r != NONE ->
     row[r].uid = m;
     row[r].body = came;
     known[m] = r;
     confirm()
  :: else -> latest = came; latest_of = m
  fi
}

// The batch is delivered, each body under the name that it was taken for.
inline settle() {
  for (m : 0 .. N - 1) {
    if
    :: batch[m] == NONE
    :: batch[m] != NONE ->
       came = batch[m];
       batch[m] = NONE;
       if
       :: came < HALF ->
          REQUIRE(copies[MESSAGE(came)] == 0 || (MESSAGE(came) == 1 && may_double), doubled);
          copies[MESSAGE(came)]++
       :: else
       fi;
       r = 0;
       do
       :: r < ROWS && row[r].used -> r++
       :: else -> break
       od;
       assert(r < ROWS);
       row[r].used = true;
       row[r].uid = m;
       row[r].body = came;
       known[m] = r;
       confirm();
       touched[r] = true
    fi
  };
  m = 0; r = 0; came = 0
}

proctype Mailhaul() {
  byte asked[REQUESTS], known[N];                  // asked: a message's number; HEAD: by TOP
  byte first, behind;                              // requests that are not answered: [first, behind)
  byte skipped;                                    // answers that the server has left out
  byte latest, latest_of;                          // body read last, and the message that it is taken for
  byte batch[N];                                   // bodies that a proper answer has followed, by that message
  bool touched[ROWS], marked[N], differed;
  byte r, k, m, came;
  bool keeps;
  mtype:evidence doubt;

end_waiting:
  do
  :: calm < CALM ->
     d_step {                                      // list, plan and ask
       for (k : 0 .. N - 1) {
         known[k] = NONE; batch[k] = NONE; marked[k] = false;
         for (r : 0 .. ROWS - 1) { if :: row[r].used && row[r].uid == k -> known[k] = r :: else fi };
         if
         :: listed[k] && known[k] == NONE -> asked[behind] = k; behind++
         :: listed[k] && known[k] != NONE && (removes || row[known[k]].suspect) -> asked[behind] = HEAD + k; behind++
         :: else
         fi
       };
       for (r : 0 .. ROWS - 1) { touched[r] = false };
       latest = NONE; doubt = NOTHING; skipped = 0; k = 0; r = 0
     };
     do
     :: first < behind && doubt == NOTHING ->
        atomic {
          // What the server does with the next request.
          if
          :: first + skipped >= behind -> doubt = AT_A_BORDER                  // it owes nothing: silence
          :: first + skipped < behind ->
             if
             :: true -> came = asked[first + skipped]
             :: troubles > 0 && !one_by_one && skipped == 0 && first + 1 < behind -> // no answer to this one
                troubles--; calm = 0; skipped = 1; came = asked[first + skipped]
             :: troubles > 0 -> troubles--; calm = 0; doubt = IN_A_BODY
             :: troubles > 0 -> troubles--; calm = 0; doubt = AT_A_BORDER
             :: troubles > 0 -> troubles--; calm = 0; doubt = NO_STATUS        // the rest of the message before
             :: troubles > 0 && asked[first + skipped] < HEAD ->               // half of it, properly ended
                troubles--; calm = 0; came = HALF + asked[first + skipped]
             fi
          fi
        };
        if
        :: doubt != NOTHING
        :: else ->
           atomic {
             if :: came == 1 && anew -> turned = !turned :: else fi;
             // A proper answer: the message before it has ended. A batch may be full then.
             if :: latest != NONE -> batch[latest_of] = latest; latest = NONE :: else fi;
             m = asked[first] % HEAD;
             first++;
             r = known[m];
             if
             :: asked[first - 1] >= HEAD ->        // TOP
                if
                :: r != NONE && HEADER(came % HEAD) == HEADER(row[r].body) && HAS_ID(m) ->
                   confirm()
                :: else -> asked[behind] = m; behind++
                fi
             :: asked[first - 1] < HEAD && came >= HEAD && came < HALF -> skip  // a header alone: it stays
             :: asked[first - 1] < HEAD && came >= HALF ->
#ifdef MUTANT_SHORT_IS_WHOLE
                latest = came; latest_of = m
#else
                differed = true                    // held; asked for once more, alone, when nothing is owed
#endif
             :: asked[first - 1] < HEAD && came < HEAD -> came = BODY(came); take()
             fi;
             r = 0; m = 0; came = 0
           };
           if
           :: true
           :: batch[0] != NONE || batch[1] != NONE || batch[2] != NONE -> atomic { settle() }
           fi
        fi
     :: else -> break
     od
     atomic {
       if
       :: doubt == NOTHING ->                      // STAT shows that the last one has ended
          if
          :: true
          :: troubles > 0 -> troubles--; calm = 0; doubt = AT_A_BORDER
          fi
       :: else
       fi;
       if
       :: doubt == NOTHING ->
          if :: latest != NONE -> batch[latest_of] = latest :: else fi;
          if :: differed -> doubt = CAME_BACK_DIFFERENT :: else fi
       :: else
       fi;
       latest = (doubt == NO_STATUS -> NONE : latest);     // it may be only the beginning
       if
       :: doubt == NOTHING ->
          settle();
          for (m : 0 .. N - 1) {
            if
            :: marked[m] ->
               REQUIRE(copies[m] > 0, lost);
               listed[m] = false;
               row[known[m]].gone = true;
               row[known[m]].uid = NONE
            :: else
            fi
          };
          breaks = 0
       :: else ->                                  // no QUIT
          if :: latest != NONE -> batch[latest_of] = latest :: else fi;
          keeps = one_by_one || (doubt == IN_A_BODY && !differed);
          if :: keeps -> settle() :: else fi;
          for (r : 0 .. ROWS - 1) {
            may_double = may_double || (anew && row[r].used && MESSAGE(row[r].body) == 1 && row[r].uid != 1)
          };
#ifdef MUTANT_BATCH_IS_KEPT
          settle();
#endif
#ifndef MUTANT_ROWS_ARE_NOT_SUSPECT
          for (r : 0 .. ROWS - 1) { row[r].suspect = row[r].suspect || (touched[r] && !one_by_one) };
#endif
          breaks = breaks + (doubt == AT_A_BORDER && !one_by_one);
          one_by_one = one_by_one || doubt == NO_STATUS || doubt == CAME_BACK_DIFFERENT || breaks == 2;
          breaks = (one_by_one -> 0 : breaks)
       fi
     };
     d_step {
       calm++;
       for (k : 0 .. N - 1) {
         if :: calm == CALM -> REQUIRE(copies[k] > 0 && !(removes && listed[k]), stranded) :: else fi;
         known[k] = 0; batch[k] = 0; marked[k] = false
       };
       for (r : 0 .. ROWS - 1) { touched[r] = false };
       for (k : 0 .. REQUESTS - 1) { asked[k] = 0 };
       first = 0; behind = 0; skipped = 0; latest = 0; latest_of = 0; differed = false; keeps = false;
       doubt = NOTHING; r = 0; k = 0; m = 0; came = 0
     }
  od
}

init {
  atomic {
    listed[0] = true; listed[1] = true; listed[2] = true;
    if :: twins = true :: anew = true :: true fi;
    if :: removes = true :: true fi;
    run Mailhaul()
  }
}
