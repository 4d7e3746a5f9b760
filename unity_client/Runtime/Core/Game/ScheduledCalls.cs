// Calls that wait for a beat, each made once in the game frame nearest to it.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Session;

namespace Segue.Game
{
    /// <summary>All times are samples of the session's clock.</summary>
    internal sealed class ScheduledCalls
    {
        private List<Waiting> waiting = new List<Waiting>();

        // The beat whose call is being made: what that adds waits for a later one, though it comes half a frame early.
        private long calledFor = -1;

        /// <summary>Whether no call waits.</summary>
        public bool IsEmpty => waiting.Count == 0;

        /// <summary>Adds a call for the first beat, or first of a bar, at least `lead` samples after `now`.</summary>
        public void Add(Action call, bool isBar, double lead, double now) =>
            waiting.Add(new Waiting(call, isBar, lead, Math.Max(now + lead, calledFor + 1)));

        /// <summary>Forgets all.</summary>
        public void Clear() => waiting.Clear();

        /// <summary>
        /// Makes the calls that are due. ahead: the beats that are not heard yet. frame: the length of a game frame.
        /// guarded: makes a call that may throw.
        /// </summary>
        public void Step(List<BeatAhead> ahead, double now, double frame, Action<Action> guarded)
        {
            var due = new List<Waiting>();
            var left = new List<Waiting>();
            foreach (var each in waiting)
            {
                // A beat that has passed since the last frame is not among those ahead any more.
                if (each.Beat < 0 || each.Beat > now)
                {
                    each.Beat = Next(ahead, each.From, each.IsBar);
                }
                if (each.Beat >= 0 && each.Beat - each.Lead <= now + (frame / 2.0))
                {
                    due.Add(each);
                }
                else
                {
                    left.Add(each);
                }
            }
            waiting = left;
            foreach (var each in due)
            {
                calledFor = each.Beat;
                guarded(each.Call);
            }
            calledFor = -1;
        }

        /// <summary>The first beat at or after sample `from`, or the first of a bar; -1: none is known.</summary>
        public static long Next(List<BeatAhead> ahead, double from, bool isBar)
        {
            foreach (var beat in ahead)
            {
                if (beat.At >= from && (!isBar || beat.Beat == 0))
                {
                    return beat.At;
                }
            }
            return -1;
        }

        private sealed class Waiting
        {
            public readonly Action Call;
            public readonly bool IsBar;
            public readonly double Lead;
            public readonly double From;
            public long Beat = -1;

            public Waiting(Action call, bool isBar, double lead, double from)
            {
                Call = call;
                IsBar = isBar;
                Lead = lead;
                From = from;
            }
        }
    }
}
