// A `stinger` message as the audio thread needs it: numbers only.
#nullable enable
using Segue.Protocol;

namespace Segue.Playback
{
    /// <summary>A part of a placed stinger, or the end of one. Source: PROTOCOL.md section 5, stinger.</summary>
    public sealed class StingerPart
    {
        /// <summary>message: the record of a `stinger`. samples: of `placed`, interleaved; null: none.</summary>
        public StingerPart(Record message, float[]? samples)
        {
            var kind = message["kind"].AsText;
            Id = message["id"].AsInteger;
            IsOver = kind == "cancelled" || kind == "dropped";
            IsPlaced = kind == "placed" && samples != null;
            IsPlayedLate = message["if_late"].AsText == "play";
            Start = message["start"].AsInteger;
            Total = (int)message["total"].AsInteger;
            Offset = (int)message["offset"].AsInteger;
            Gain = Lengths.Factor(message["gain_db"].AsReal);
            Samples = samples;
            var duck = message["duck"];
            if (duck.IsNil)
            {
                return;
            }
            HasDuck = true;
            DepthDb = duck.AsRecord["depth_db"].AsReal;
            FadeOut = duck.AsRecord["fade_out"].AsInteger;
            Recovery = duck.AsRecord["recovery"].AsInteger;
            FadeIn = duck.AsRecord["fade_in"].AsInteger;
        }

        public long Id { get; }

        /// <summary>Whether it was cancelled or dropped.</summary>
        public bool IsOver { get; }

        /// <summary>Whether it has samples to play.</summary>
        public bool IsPlaced { get; }

        /// <summary>Whether it is played if its start is committed before a part is there.</summary>
        public bool IsPlayedLate { get; }

        public long Start { get; }

        public int Total { get; }

        public int Offset { get; }

        /// <summary>The factor of its samples.</summary>
        public double Gain { get; }

        public float[]? Samples { get; }

        public bool HasDuck { get; }

        public double DepthDb { get; }

        /// <summary>In samples, as are Recovery and FadeIn.</summary>
        public long FadeOut { get; }

        public long Recovery { get; }

        public long FadeIn { get; }
    }
}
