// What a client has received of the music, and the cells from which a restarted service can continue it.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>
    /// PROTOCOL.md section 9. The first cell ends shortly after the sample clock, however deep the buffer is.
    /// </summary>
    internal sealed class ReceivedMusic
    {
        private readonly List<Cell> cells = new List<Cell>();
        private bool isRestoring;
        private bool haveChanged;

        /// <summary>Greatest `seq` received; 0 if none.</summary>
        public long LastChunk { get; private set; }

        /// <summary>Greatest take received; 0 if none.</summary>
        public long Take { get; private set; }

        /// <summary>The last event that each cell contains; empty without a cell.</summary>
        public List<long> LastEvents => cells.ConvertAll(cell => cell.LastEvent);

        /// <summary>The take of the first cell; -1 without a cell.</summary>
        public long RestoredTake => cells.Count == 0 ? -1 : cells[0].Take;

        /// <summary>
        /// Takes a chunk: its cell replaces those that end after its start, which are of replaced music.
        /// </summary>
        public void Received(Record chunk)
        {
            haveChanged = true;
            LastChunk = Math.Max(LastChunk, chunk["seq"].AsInteger);
            Take = Math.Max(Take, chunk["take"].AsInteger);
            if (chunk["cell"].IsNil)
            {
                return;
            }
            if (isRestoring && cells.Count > 1)
            {
                // The others may contain events that the restored session does not contain yet.
                cells.RemoveRange(1, cells.Count - 1);
            }
            isRestoring = false;
            var start = chunk["start"].AsInteger;
            var end = start + chunk["count"].AsInteger;
            cells.RemoveAll(cell => cell.End > start);
            cells.Add(new Cell(
                end, chunk["cell"].AsBytes, chunk["last_event"].AsInteger, chunk["take"].AsInteger));
            if (cells.Count > SessionLimits.MostCells)
            {
                cells.RemoveAt(1);
            }
        }

        /// <summary>Takes a newer cell in place of one that ends with the same sample.</summary>
        public void Renewed(Record newer)
        {
            haveChanged = true;
            for (var i = 0; i < cells.Count; i++)
            {
                if (cells[i].End == newer["end"].AsInteger)
                {
                    cells[i] = new Cell(
                        cells[i].End, newer["cell"].AsBytes, newer["last_event"].AsInteger, cells[i].Take);
                }
            }
        }

        /// <summary>Forgets all cells: the service could not use the first of them.</summary>
        public void ForgetCells()
        {
            haveChanged = true;
            cells.Clear();
        }

        /// <summary>
        /// Forgets cells that end too early to restore from at the sample clock; none until a restore has music.
        /// Whether the cells have changed since the last call.
        /// </summary>
        public bool Reach(long committed)
        {
            if (!isRestoring)
            {
                ForgetBefore(committed + SessionLimits.RestoreAhead);
            }
            var changed = haveChanged;
            haveChanged = false;
            return changed;
        }

        /// <summary>
        /// The fields of the request to a restarted service. id: its number. committed: the sample clock.
        /// </summary>
        public Map Restore(long id, long committed)
        {
            LastChunk = 0;
            isRestoring = true;
            ForgetBefore(committed + SessionLimits.RestoreAhead);
            var at = cells.Count == 0 ? committed : Math.Max(cells[0].End, committed);
            var fields = new Map
            {
                { "id", Value.Of(id) },
                { "at", Value.Of(at) },
                { "take", Value.Of(Take) },
            };
            return cells.Count == 0 ? fields : fields.With("cell", Value.Of(cells[0].Bytes));
        }

        /// <summary>
        /// The first cell is replaced by the nearest that contains no fewer events: what it contains is forgotten
        /// already. One that ends late enough is not passed over: a newer one may come for it.
        /// </summary>
        private void ForgetBefore(long position)
        {
            while (cells.Count > 0 && cells[0].End < position)
            {
                var nearest = 1;
                while (nearest < cells.Count && cells[nearest].LastEvent < cells[0].LastEvent)
                {
                    if (cells[nearest].End >= position)
                    {
                        return;
                    }
                    nearest++;
                }
                if (nearest == cells.Count)
                {
                    return;
                }
                haveChanged = true;
                cells.RemoveRange(0, nearest);
            }
        }

        /// <summary>A resume cell, the end of its chunk, the last event in it, and the chunk's take.</summary>
        private readonly struct Cell
        {
            public readonly long End;
            public readonly byte[] Bytes;
            public readonly long LastEvent;
            public readonly long Take;

            public Cell(long end, byte[] bytes, long lastEvent, long take)
            {
                End = end;
                Bytes = bytes;
                LastEvent = lastEvent;
                Take = take;
            }
        }
    }
}
