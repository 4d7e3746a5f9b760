// What a soundtrack is set to in the inspector.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Client;
using Segue.Game;
using Segue.Protocol;
using Segue.Transport;
using UnityEngine;

namespace Segue
{
    /// <summary>Where the music comes from.</summary>
    public enum ServiceChoice
    {
        /// <summary>The game starts a service of its own, and ends it.</summary>
        Start,

        /// <summary>A service runs already.</summary>
        Connect,
    }

    /// <summary>How the music's stingers come.</summary>
    public enum StingerChoice
    {
        /// <summary>Beside the music, at once.</summary>
        Separate,

        /// <summary>In the music, which costs the game less and takes longer.</summary>
        Included,
    }

    /// <summary>What a soundtrack does.</summary>
    public enum SoundtrackState
    {
        /// <summary>Nothing.</summary>
        Stopped,

        /// <summary>It waits for the service that it has started.</summary>
        Starting,

        /// <summary>It tries to connect.</summary>
        Connecting,

        /// <summary>The session is up.</summary>
        Live,

        /// <summary>No service can be started, or the session has ended.</summary>
        Failed,
    }

    /// <summary>Where the music comes from, and what it asks for.</summary>
    [Serializable]
    public sealed class SoundtrackSettings
    {
        /// <summary>How long a game that quits waits for its service, in milliseconds.</summary>
        internal const int QuitMs = 2_000;

        private const int LeastPreRollMs = 60;
        private const string LogFile = "segue_service.log";

        [Tooltip("Whether the game starts a service or finds one at the address.")]
        public ServiceChoice service = ServiceChoice.Start;

        [Tooltip("The rules, a .yaml file among the assets.")]
        [SegueRules]
        public TextAsset? rules;

        [Tooltip("To start, in place of Rules: a rule file with sound files of its own, in the folder StreamingAssets.")]
        [SegueRules]
        public string rulesFile = "";

        [Tooltip("To start: the program; empty: beside the game, in the project's .venv, or in PATH.")]
        public string command = "";

        [Tooltip("To start: more arguments of segue serve.")]
        public string[] arguments = Array.Empty<string>();

        [Tooltip("To connect: tcp://HOST:PORT or tls://HOST:PORT.")]
        public string address = "tcp://127.0.0.1:7723";

        [Tooltip("The service's token; empty: it asks for none.")]
        public string token = "";

        [Tooltip("With tls://: the SHA-256 of the service's certificate; empty: those that the system trusts.")]
        public string certificatePin = "";

        [Tooltip("To connect: a rule file by the name that the service knows; empty: its first.")]
        public string rulesName = "";

        [Tooltip("What plays; empty: what the service prefers.")]
        public string generator = "";

        [Tooltip("How stingers come.")]
        public StingerChoice stingers = StingerChoice.Separate;

        [Tooltip("Milliseconds that are generated ahead; 0: what the service prefers. It does not delay reactions.")]
        [Range(0, 30_000)]
        public int lookaheadMs;

        [Tooltip("Milliseconds of music that must be there before it begins; 0: what is best, 300.")]
        [Range(0, 20_000)]
        public int preRollMs;

        [Tooltip("Seed of the music; -1: the rule file's.")]
        public int seed = -1;

        [Tooltip("Whether it plays as soon as it is enabled; otherwise a script calls Play.")]
        public bool playOnEnable = true;

        /// <summary>The client's options. Throws ArgumentException for a wrong pin.</summary>
        internal ClientOptions ClientOptions()
        {
            var hello = new Map
            {
                { "stingers", Value.Of(stingers == StingerChoice.Included ? "included" : "separate") },
            };
            if (service == ServiceChoice.Connect && rules != null)
            {
                hello.Add("rules_text", Value.Of(rules.text));
            }
            else if (service == ServiceChoice.Connect && rulesName.Length > 0)
            {
                hello.Add("rules_name", Value.Of(rulesName));
            }
            if (generator.Length > 0)
            {
                hello.Add("generator", Value.Of(generator));
            }
            if (lookaheadMs > 0)
            {
                hello.Add("lookahead_ms", Value.Of((long)lookaheadMs));
            }
            if (seed >= 0)
            {
                hello.Add("seed", Value.Of((long)seed));
            }
            var options = new ClientOptions { Token = token, Hello = hello };
            options.PreRollMs = preRollMs > 0 ? Math.Max(LeastPreRollMs, preRollMs) : options.PreRollMs;
            options.Tls = certificatePin.Length > 0 ? new TlsOptions(certificatePin) : null;
            return options;
        }

        /// <summary>The program of the game's own service. Throws ServiceException: there is none.</summary>
        internal string Program() => ServicePlaces.Program(command);

        /// <summary>The arguments of `segue serve`. Throws ServiceException: no rule file is set.</summary>
        internal IEnumerable<string> Arguments()
        {
            if (rules == null && rulesFile.Length == 0)
            {
                throw new Service.ServiceException("no rules are set: drag a .yaml file to the soundtrack's Rules");
            }
            var path = rulesFile.Length > 0
                ? Path.Combine(Application.streamingAssetsPath, rulesFile)
                : RulesAsset.PathOf(rules!);
            var words = new List<string> { path };
            var log = Path.Combine(Application.persistentDataPath, LogFile);
            if (IsWritable(log))
            {
                words.AddRange(new[] { "--log-file", log });
            }
            words.AddRange(arguments);
            return words;
        }

        private static bool IsWritable(string path)
        {
            try
            {
                using var file = new FileStream(path, FileMode.Append);
                return true;
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>What the music does while the game is interrupted.</summary>
    [Serializable]
    public sealed class InterruptionSettings
    {
        [Tooltip("While AudioListener.pause is set or Time.timeScale is 0.")]
        public Interruption onPause = Interruption.Pause;

        [Tooltip("While the game's window is not in front. A game that does not run in the background pauses.")]
        public Interruption onFocusLoss = Interruption.Keep;

        [Tooltip("While the editor's pause button is pressed.")]
        public Interruption onEditorPause = Interruption.Pause;

        [Tooltip("How much an interruption lowers the music, in dB.")]
        [Range(-60.0f, 0.0f)]
        public float duckDb = -12.0f;
    }

    /// <summary>An ordinary clip that is heard while there is no music, such as on a platform without a service.</summary>
    [Serializable]
    public sealed class BedSettings
    {
        [Tooltip("The clip, which is looped; none: silence.")]
        public AudioClip? clip;

        [Tooltip("Seconds without music before it is faded in.")]
        [Range(0.0f, 60.0f)]
        public float afterS = 4.0f;

        [Tooltip("Seconds that it takes to fade in and out.")]
        [Range(0.0f, 20.0f)]
        public float fadeS = 2.0f;

        [Tooltip("Its volume beside that of the music, in dB.")]
        [Range(-60.0f, 0.0f)]
        public float volumeDb;
    }
}
