// Puts byte streams to the ZMTP peer. A case has `token`, `pieces` (hex) and `send` (parts in hex, sent once ready).
#nullable enable
using System.Collections.Generic;
using Segue.Tests;
using Segue.Transport;

namespace Segue.Probes
{
    internal static class ZmtpProbe
    {
        public static object Run(object cases) =>
            ((List<object?>)cases).ConvertAll(each => ResultOf((JsonObject)each!));

        private static object? ResultOf(JsonObject given)
        {
            var peer = new ZmtpPeer((string)given["token"]!);
            var sent = "";
            var received = new List<object?>();
            foreach (var piece in (List<object?>)given["pieces"]!)
            {
                var bytes = JsonText.Bytes((string)piece!);
                peer.Feed(bytes, 0, bytes.Length);
                sent += JsonText.Hex(peer.TakeBytes());
                foreach (var parts in peer.TakeMessages())
                {
                    received.Add(JsonText.Hex(parts));
                }
            }
            if (peer.State == ZmtpState.Ready && given.Has("send"))
            {
                peer.Send(((List<object?>)given["send"]!).ConvertAll(part => JsonText.Bytes((string)part!)));
                sent += JsonText.Hex(peer.TakeBytes());
            }
            return new Dictionary<string, object?>
            {
                ["state"] = peer.State.ToString(),
                ["failure"] = peer.Failure.ToString(),
                ["sent"] = sent,
                ["received"] = received,
                ["mechanism"] = peer.PeerMechanism,
            };
        }
    }
}
