// Plays traffic through the timeline and the volume. `pool` is a file of f32le stereo samples; an operation that brings
// samples says where in it they begin. What is heard goes to the file `heard`.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Playback;
using Segue.Protocol;
using Segue.Tests;

namespace Segue.Probes
{
    internal sealed class TimelineProbe
    {
        private readonly Timeline timeline = new Timeline();
        private readonly Volume volume = new Volume();
        private readonly byte[] pool;
        private readonly Stream heard;

        private TimelineProbe(byte[] pool, Stream heard)
        {
            this.pool = pool;
            this.heard = heard;
        }

        public static object Run(object cases)
        {
            var given = (JsonObject)cases;
            var pool = File.ReadAllBytes((string)given["pool"]!);
            var states = new List<object?>();
            using var heard = File.Create((string)given["heard"]!);
            foreach (var traffic in (List<object?>)given["traffic"]!)
            {
                var probe = new TimelineProbe(pool, heard);
                states.Add(((List<object?>)traffic!).ConvertAll(each => probe.Apply((JsonObject)each!)));
            }
            return states;
        }

        /// <summary>The timeline's state after an operation.</summary>
        private object? Apply(JsonObject operation)
        {
            var what = (string)operation["do"]!;
            switch (what)
            {
                case "chunk":
                    timeline.Write(
                        (long)operation["take"]!,
                        (long)operation["start"]!,
                        Samples(operation),
                        (bool)operation["mixed"]!);
                    break;
                case "stinger":
                    TakeStinger(operation);
                    break;
                case "read":
                    Read((int)(long)operation["count"]!);
                    break;
                case "pause":
                    timeline.Pause();
                    break;
                case "resume":
                    timeline.Resume();
                    break;
                default:
                    var change = (VolumeChange)Enum.Parse(typeof(VolumeChange), what, true);
                    volume.Change(change, Convert.ToDouble(operation["gain_db"]), (int)(long)operation["ramp_ms"]!);
                    break;
            }
            return new List<object?>
            {
                timeline.Committed,
                timeline.Have,
                timeline.Underruns,
                timeline.Late,
                timeline.Dropped,
                timeline.IsStanding ? 1 : 0,
            };
        }

        private void TakeStinger(JsonObject operation)
        {
            var fields = new Map();
            foreach (var member in ((JsonObject)operation["fields"]!).Members)
            {
                if (member.Value != null)
                {
                    fields.Add(member.Key, Vector.Plain(member.Value));
                }
            }
            var record = MessageTables.Stinger.Read(fields);
            var samples = record["count"].AsInteger > 0 ? Samples(operation) : null;
            timeline.Stingers.Take(new StingerPart(record, samples), timeline.Committed);
        }

        private void Read(int count)
        {
            var block = new float[count * Lengths.Channels];
            timeline.Read(block);
            volume.Apply(block);
            var bytes = new byte[block.Length * sizeof(float)];
            Buffer.BlockCopy(block, 0, bytes, 0, bytes.Length);
            heard.Write(bytes, 0, bytes.Length);
        }

        private float[] Samples(JsonObject operation)
        {
            const int Bytes = Lengths.Channels * sizeof(float);
            var payload = new byte[(int)(long)operation["count"]! * Bytes];
            Buffer.BlockCopy(pool, (int)(long)operation["from"]! * Bytes, payload, 0, payload.Length);
            return Pcm.Samples(payload, "f32le")!;
        }
    }
}
