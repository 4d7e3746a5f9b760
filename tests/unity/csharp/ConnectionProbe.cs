// Connects to real peers, all at once. A case has `address`, `token`, `pins` (fingerprints), `send` (parts in hex),
// `replies` (the messages it waits for) and `speed`, how much faster than the system's its clock runs. The clock stands
// still until a peer has accepted the connection: how long the system takes for that is not in the test's hands.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Segue.Tests;
using Segue.Transport;

namespace Segue.Probes
{
    internal static class ConnectionProbe
    {
        private const double GiveUpS = 60.0;

        public static object Run(object cases)
        {
            var given = (List<object?>)cases;
            var results = new object?[given.Count];
            var threads = new List<Thread>();
            for (var i = 0; i < given.Count; i++)
            {
                var index = i;
                var thread = new Thread(() => results[index] = ResultOf((JsonObject)given[index]!));
                threads.Add(thread);
                thread.Start();
            }
            threads.ForEach(thread => thread.Join());
            return results;
        }

        private static Dictionary<string, object?> ResultOf(JsonObject given)
        {
            Address address;
            try
            {
                address = Address.Parse((string)given["address"]!);
            }
            catch (ArgumentException error)
            {
                return new Dictionary<string, object?> { ["error"] = error.Message };
            }
            var pins = ((List<object?>)given["pins"]!).ConvertAll(pin => (string)pin!).ToArray();
            var connection = new Connection(address, (string)given["token"]!, new TlsOptions(pins), 0.0);
            var received = Talk(connection, given);
            var result = new Dictionary<string, object?>
            {
                ["state"] = connection.State.ToString(),
                ["failure"] = connection.Failure == null ? "" : connection.Failure.Code,
                ["text"] = connection.Failure == null ? connection.Text : connection.Failure.Text,
                ["silent"] = connection.IsSilent,
                ["received"] = received,
            };
            connection.Close();
            return result;
        }

        private static List<object?> Talk(Connection connection, JsonObject given)
        {
            var clock = Stopwatch.StartNew();
            var received = new List<object?>();
            var isSent = false;
            var speed = Convert.ToDouble(given["speed"]);
            var acceptedS = 0.0;
            while (connection.State != ConnectionState.Ended && received.Count < (long)given["replies"]!)
            {
                var nowS = clock.Elapsed.TotalSeconds;
                acceptedS = connection.State <= ConnectionState.Connecting ? nowS : acceptedS;
                connection.Step((nowS - acceptedS) * speed);
                if (connection.State == ConnectionState.Open && !isSent)
                {
                    isSent = true;
                    connection.Send(((List<object?>)given["send"]!).ConvertAll(part => JsonText.Bytes((string)part!)));
                }
                foreach (var parts in connection.TakeMessages())
                {
                    received.Add(JsonText.Hex(parts));
                }
                if (clock.Elapsed.TotalSeconds > GiveUpS)
                {
                    break;
                }
                connection.Wait(2);
            }
            return received;
        }
    }
}
