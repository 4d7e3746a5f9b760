// A game's session: what it does with each message of the service, and the steps of several messages.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    public sealed partial class ClientSession
    {
        /// <summary>Whether a service may send the message.</summary>
        private bool Handle(Message message)
        {
            var record = message.Record;
            switch (message.Type)
            {
                case "welcome":
                    OnWelcome(record);
                    break;
                case "receipt":
                    events.AddRange(waiting.Receipted(record, nowS));
                    break;
                case "chunk":
                    music.Received(record);
                    Release();
                    changes.Chunk(record, position.Committed);
                    events.Add(ClientEvent.Of(message));
                    break;
                case "cell":
                    music.Renewed(record);
                    Release();
                    break;
                case "clock":
                    beats.Take(record);
                    break;
                case "rules":
                    OnRules(message);
                    break;
                case "change":
                    OnChange(record);
                    break;
                case "status":
                    OnStatus(message);
                    break;
                case "saved":
                    if (waiting.Requests.Answered(record["id"].AsInteger, music.Take))
                    {
                        events.Add(ClientEvent.Of(message));
                    }
                    break;
                case "error":
                    OnError(message);
                    break;
                case "bye":
                    OnBye(record);
                    break;
                case "stinger":
                    stingers.Take(record, position.Committed);
                    events.Add(ClientEvent.Of(message));
                    break;
                default:
                    return false;
            }
            return true;
        }

        private void OnWelcome(Record welcome)
        {
            if (State != SessionState.Greeting)
            {
                return;
            }
            if (welcome["version"].AsInteger != Limits.Version)
            {
                EndForVersion("the service chose version " + welcome["version"].AsInteger + " of the protocol");
                return;
            }
            var isResumed = welcome["resumed"].AsBoolean;
            var isFirst = Welcome == null;
            Welcome = welcome;
            if (!isFirst && !isResumed)
            {
                BeginRestoring();
            }
            life.Move(restoring != null ? Trigger.WelcomedNew : Trigger.Welcomed);
            refusedHello = null;
            hellosRefused = 0;
            Tell(ClientEvent.Live, new Map { { "welcome", Value.Of(welcome) }, { "resumed", Value.Of(isResumed) } });
            events.AddRange(waiting.Outbox.Declare(welcome["rules"].AsRecord["inputs"].AsList));
            if (restoring != null)
            {
                Send(MessageTables.Restore, restoring);
            }
            Report();
            foreach (var changed in handshake.Changes)
            {
                Send(MessageTables.Control, changed);
            }
            if (restoring == null)
            {
                SendWaiting();
            }
        }

        private void OnRules(Message message)
        {
            handshake.Rules(message.Record);
            events.Add(ClientEvent.Of(message));
            var declaration = message["declaration"];
            if (!declaration.IsNil)
            {
                events.AddRange(waiting.Outbox.Declare(declaration.AsRecord["inputs"].AsList));
            }
        }

        private void OnChange(Record change)
        {
            var causes = new List<Value>();
            foreach (var each in change["causes"].AsList)
            {
                var seq = waiting.Outbox.GameNumber(each.AsRecord["seq"].AsInteger);
                causes.Add(Value.Of(each.AsRecord.With("seq", Value.Of(seq))));
            }
            change = change.With("causes", Value.Of(causes));
            changes.Take(change);
            Tell("change", change.ToMap());
        }

        private void OnStatus(Message message)
        {
            var answered = message["restore"].AsInteger;
            if (waiting.Requests.Answered(answered, music.Take))
            {
                changes.Restored(music.Take);
            }
            handshake.Status(message.Record);
            events.Add(ClientEvent.Of(message));
            if (IsAnswered(answered))
            {
                var restored = message["restored"].AsText;
                Restored(message["last_event"].AsInteger, restored == "all" || restored == "rules");
            }
        }

        private void OnError(Message message)
        {
            var about = message["about"].AsText;
            var seq = message["seq"].AsInteger;
            if (about == "save" || about == "restore")
            {
                waiting.Requests.Refused(seq);
            }
            if (message["code"].AsText == "no_session")
            {
                // After another handshake, further answers to what was under way mean nothing new.
                if (life.Move(Trigger.Unknown))
                {
                    BeginHandshake();
                }
                return;
            }
            handshake.Refused(message.Record);
            events.Add(ClientEvent.Of(message));
            if (about == "hello" && State == SessionState.Greeting)
            {
                refusedHello = message.Record;
                hellosRefused++;
                if (hellosRefused == SessionLimits.MostRefusedHellos)
                {
                    EndRefused("refused", message["text"].AsText);
                }
            }
            if (IsAnswered(seq))
            {
                Restored(0, false);
            }
        }

        private void OnBye(Record bye)
        {
            hellosRefused = 0;
            if (bye["retry_ms"].IsNil)
            {
                EndRefused(bye["reason"].AsText, bye["text"].AsText);
                return;
            }
            refusedHello = null;
            Disconnect(bye["reason"].AsText, bye["retry_ms"].AsInteger);
        }

        /// <summary>Whether this is the number of the restore of a restarted service.</summary>
        private bool IsAnswered(long id) => restoring != null && restoring["id"].AsInteger == id;

        private void Send(RecordTable table, Map fields) => sending.Add(Message.Of(table, fields));

        private void Tell(string kind, Map fields) => events.Add(new ClientEvent(kind, fields));

        private void Disconnect(string reason, long retryMs)
        {
            var wasOffline = State == SessionState.Offline;
            if (life.Move(Trigger.Lost) && !wasOffline)
            {
                sending.Clear();
                waiting.HoldBack();
                Tell(
                    ClientEvent.Lost,
                    new Map { { "reason", Value.Of(reason) }, { "retry_ms", Value.Of(retryMs) } });
            }
        }

        private void BeginHandshake()
        {
            receivedS = nowS;
            sending.Clear();
            waiting.HoldBack();
            SendHello();
        }

        private void SendHello()
        {
            helloSentS = nowS;
            Send(MessageTables.Hello, handshake.Hello(Welcome?["key"].AsBytes, music.LastChunk));
        }

        private void Report()
        {
            reportedS = nowS;
            Send(MessageTables.Playhead, position.Playhead(music.LastChunk));
        }

        /// <summary>Asks a restarted service to continue from a cell.</summary>
        private void BeginRestoring()
        {
            waiting.Requests.Restarted();
            restoring = music.Restore(waiting.Requests.Number(), position.Committed);
            var at = restoring["at"].AsInteger;
            changes.Restarted(at);
            foreach (var cancelled in stingers.Restarted(at))
            {
                events.Add(ClientEvent.Of(cancelled));
            }
        }

        /// <summary>
        /// Continues after the answer to a restore with what the restored session lacks. lastEvent: the last event
        /// that it contains. hasRules: whether it knows the inputs' values.
        /// </summary>
        private void Restored(long lastEvent, bool hasRules)
        {
            if (!life.Move(Trigger.Restored))
            {
                return;
            }
            restoring = null;
            waiting.Outbox.Restarted(lastEvent);
            if (!hasRules)
            {
                music.ForgetCells();
                waiting.Outbox.SendAllValues(position.Played);
            }
            SendWaiting();
        }

        /// <summary>
        /// Forgets cells that end too early to restore from, and what the first of the others contains.
        /// </summary>
        private void Release()
        {
            if (music.Reach(position.Committed))
            {
                waiting.Outbox.Contained(music.LastEvents);
                waiting.Requests.Contained(music.RestoredTake);
            }
        }

        /// <summary>Sends what has no answer yet, in the game's order, over a new connection.</summary>
        private void SendWaiting()
        {
            waiting.Begin(Welcome!["limits"].AsRecord["events_per_second"].AsInteger, nowS);
            SendDue();
        }

        private void SendDue() => sending.AddRange(waiting.Due(nowS, position.Committed, music.Take));

        private long Ask(RecordTable table, Map fields)
        {
            var id = waiting.Ask(table, fields);
            SendDue();
            return id;
        }

        private void End(string reason, string text, string code)
        {
            if (life.Move(Trigger.Ended))
            {
                Tell(ClientEvent.Closed, new Map
                {
                    { "reason", Value.Of(reason) },
                    { "text", Value.Of(text) },
                    { "code", Value.Of(code) },
                });
            }
        }

        /// <summary>Ends the session as the service asks, with the code of its last error about `hello`.</summary>
        private void EndRefused(string reason, string text)
        {
            var code = refusedHello == null ? "" : refusedHello["code"].AsText;
            var told = refusedHello == null ? "" : refusedHello["text"].AsText;
            refusedHello = null;
            if (code == ErrorCode.UnsupportedVersion)
            {
                EndForVersion(told.Length == 0 ? text : told);
            }
            else
            {
                End(reason, text.Length == 0 ? told : text, code);
            }
        }

        /// <summary>Ends the session because the two sides share no version. text: of the service.</summary>
        private void EndForVersion(string text)
        {
            Send(MessageTables.Bye, new Map
            {
                { "reason", Value.Of("refused") },
                { "text", Value.Of("this client speaks version " + Limits.Version) },
            });
            var code = ErrorCode.UnsupportedVersion;
            End(code, Handshake.VersionMismatch(text), code);
        }

        /// <summary>Reports an invalid message to the game, and to the service unless too often.</summary>
        private void Refuse(string code, string text, string about, long seq)
        {
            Tell(
                ClientEvent.MessageRefused,
                new Map { { "code", Value.Of(code) }, { "text", Value.Of(text) } });
            var answer = refusals.Answer(code, text, about, seq, nowS);
            if (answer != null)
            {
                sending.Add(answer);
            }
        }
    }
}
