// Saves and restores that wait for the service's answer.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Client;
using Segue.Session;

namespace Segue
{
    internal sealed class MusicRequests
    {
        private readonly Dictionary<long, Action<byte[]>> saves = new Dictionary<long, Action<byte[]>>();
        private readonly Dictionary<long, Action<string>> restores = new Dictionary<long, Action<string>>();

        /// <summary>client: null: there is none, and the answer is empty at once.</summary>
        public void Save(SegueClient? client, Action<byte[]> done)
        {
            if (client == null)
            {
                done(Array.Empty<byte>());
                return;
            }
            saves[client.Save()] = done;
        }

        /// <summary>As Save.</summary>
        public void Restore(SegueClient? client, byte[] blob, Action<string> done)
        {
            var number = client == null ? 0 : client.Restore(blob);
            if (number == 0)
            {
                done(client == null ? "there is no session" : "this is no saved music");
                return;
            }
            restores[number] = done;
        }

        /// <summary>Whether what the client tells was an answer to a request.</summary>
        public bool Take(ClientEvent happened)
        {
            switch (happened.Kind)
            {
                case "saved":
                    return Answer(saves, happened["id"].AsInteger, happened["blob"].AsBytes);
                case "status" when happened["restore"].AsInteger > 0:
                    return Answer(restores, happened["restore"].AsInteger, happened["restored"].AsText);
                case "error" when happened["about"].AsText == "save":
                    return Answer(saves, happened["seq"].AsInteger, Array.Empty<byte>());
                case "error" when happened["about"].AsText == "restore":
                    return Answer(restores, happened["seq"].AsInteger, happened["text"].AsText);
                default:
                    return false;
            }
        }

        /// <summary>Answers all that waits: nothing comes any more. guarded: makes a call that may throw.</summary>
        public void GiveUp(Action<Action> guarded)
        {
            foreach (var number in new List<long>(saves.Keys))
            {
                guarded(() => Answer(saves, number, Array.Empty<byte>()));
            }
            foreach (var number in new List<long>(restores.Keys))
            {
                guarded(() => Answer(restores, number, "the session has ended"));
            }
        }

        private static bool Answer<T>(Dictionary<long, Action<T>> waiting, long number, T answer)
        {
            if (!waiting.TryGetValue(number, out var done))
            {
                return false;
            }
            waiting.Remove(number);
            done(answer);
            return true;
        }
    }
}
