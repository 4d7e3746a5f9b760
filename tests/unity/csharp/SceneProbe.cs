// Scenes with all components and without a service: what they claim, fire and lower, by their life cycle.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;
using Segue.Tests;
using UnityEngine;

namespace Segue.Probes
{
    internal sealed class SceneProbe
    {
        // Nothing listens there.
        private readonly string address;
        private readonly List<object?> seen = new List<object?>();

        private SceneProbe(string address)
        {
            this.address = address;
        }

        public static object? Run(object cases)
        {
            var given = (JsonObject)cases;
            Application.persistentDataPath = (string)given["folder"]!;
            var scenes = new Dictionary<string, Action<SceneProbe>>
            {
                ["zones"] = probe => probe.Zones(),
                ["bindings"] = probe => probe.Bindings(),
                ["ducks"] = probe => probe.Ducks(),
                ["triggers"] = probe => probe.Triggers(),
                ["interruptions"] = probe => probe.Interruptions(),
                ["bed"] = probe => probe.Bed(),
                ["mistakes"] = probe => probe.Mistakes(),
                ["recompiled"] = probe => probe.Recompiled(),
                ["speakers"] = probe => probe.seen.AddRange(SpeakersProbe.Seen()),
                ["zones of disabled"] = probe => probe.seen.AddRange(LifeCycleProbe.Zones(probe.address)),
                ["triggers of disabled"] = probe => probe.seen.AddRange(LifeCycleProbe.Triggers(probe.address)),
                ["bindings anew"] = probe => probe.seen.AddRange(LifeCycleProbe.Bindings(probe.address)),
                ["no device"] = probe => probe.seen.AddRange(LifeCycleProbe.Devices(probe.address)),
                ["handlers that throw"] = probe => probe.seen.AddRange(LifeCycleProbe.Handlers(probe.address)),
                ["timeline inputs"] = probe => probe.seen.AddRange(TimelineTrackProbe.Inputs(probe.address)),
                ["timeline triggers"] = probe => probe.seen.AddRange(TimelineTrackProbe.Triggers(probe.address)),
                ["overlay"] = probe => probe.seen.AddRange(LifeCycleProbe.Overlay(probe.address)),
                ["interruptions of disabled"] = probe => probe.seen.AddRange(LifeCycleProbe.Interruptions(probe.address)),
            };
            var results = new Dictionary<string, object?>();
            foreach (var scene in scenes)
            {
                var probe = new SceneProbe((string)given["address"]!);
                using (var stage = new Stage())
                {
                    scene.Value(probe);
                }
                results[scene.Key] = probe.seen;
            }
            return results;
        }

        private static SegueZone Zone(string value, int priority)
        {
            var zone = new GameObject("zone " + value).AddComponent<SegueZone>();
            zone.input = "level";
            zone.value = value;
            zone.priority = priority;
            return zone;
        }

        private static Collider Body(string tag)
        {
            var body = new GameObject("body") { tag = tag };
            return body.AddComponent<Collider>();
        }

        private void Zones()
        {
            // The zones are there before the soundtrack.
            var low = Zone("0.25", 0);
            var high = Zone("0.75", 1);
            var hero = Body("Player");
            var soundtrack = Stage.Soundtrack(address);
            void See() => seen.Add(soundtrack.InputValue("level"));
            soundtrack.SetInput("level", 0.5);
            Physics.Send(low.gameObject, "OnTriggerEnter", Body("Enemy"));
            See();
            Physics.Send(low.gameObject, "OnTriggerEnter", hero);
            See();
            Physics.Send(high.gameObject, "OnTriggerEnter", hero);
            See();
            soundtrack.SetInput("level", 0.125);
            high.enabled = false;
            See();
            // A second body that is destroyed inside leaves without a message.
            var second = Body("Player");
            Physics.Send(low.gameObject, "OnTriggerEnter", second);
            Physics.Send(low.gameObject, "OnTriggerExit", hero);
            See();
            UnityEngine.Object.Destroy(second.gameObject);
            GameLoop.Frame(0.01f);
            GameLoop.Frame(0.01f);
            See();
            // A changed value counts at once; a destroyed zone leaves its claim.
            Physics.Send(low.gameObject, "OnTriggerEnter2D", new GameObject("2D") { tag = "Player" }.AddComponent<Collider2D>());
            low.value = "1";
            GameLoop.Frame(0.01f);
            See();
            UnityEngine.Object.Destroy(low.gameObject);
            GameLoop.Frame(0.01f);
            See();
            // What claims without a component is forgotten when it is destroyed.
            var other = new GameObject("other");
            soundtrack.ClaimInput(other, "level", "0.875");
            See();
            UnityEngine.Object.Destroy(other);
            GameLoop.Frame(0.01f);
            GameLoop.Frame(0.01f);
            See();
        }

        private void Bindings()
        {
            var soundtrack = Stage.Soundtrack(address);
            var binding = new GameObject("binding").AddComponent<SegueBinding>();
            binding.input = "level";
            binding.isMapped = true;
            binding.fromLow = 100.0f;
            binding.fromHigh = 0.0f;
            binding.SetValue(40.0f);
            GameLoop.Frame(0.01f);
            seen.Add(soundtrack.InputValue("level"));
            binding.curve = AnimationCurve.Linear(0.0f, 1.0f, 1.0f, 1.0f);
            seen.Add((double)binding.Mapped(40.0f));
            binding.curve = new AnimationCurve();
            binding.isMapped = false;
            var contributors = new[] { new GameObject("a"), new GameObject("b"), new GameObject("c") };
            binding.Withdraw(binding);
            foreach (Aggregate how in Enum.GetValues(typeof(Aggregate)))
            {
                binding.aggregate = how;
                for (var i = 0; i < contributors.Length; i++)
                {
                    binding.Contribute(contributors[i], new[] { 20.0f, 90.0f, 40.0f }[i]);
                }
                seen.Add(binding.TryGetValue(out var value) ? (double)value : -1.0);
            }
            UnityEngine.Object.Destroy(contributors[1]);
            GameLoop.Frame(0.01f);
            GameLoop.Frame(0.01f);
            binding.aggregate = Aggregate.Max;
            seen.Add(binding.TryGetValue(out var left) ? (double)left : -1.0);
            // Two a second for ten seconds.
            binding.rate = 2.0f;
            var sent = 0;
            binding.onSent.AddListener(number => sent++);
            for (var i = 0; i < 1_000; i++)
            {
                binding.Contribute(contributors[0], i);
                GameLoop.Frame(0.01f);
            }
            seen.Add((long)sent);
            sent = 0;
            for (var i = 0; i < 1_000; i++)
            {
                GameLoop.Frame(0.01f);
            }
            seen.Add((long)sent);
            var far = new GameObject("far");
            far.transform.position = new Vector3(3.0f, 0.0f, 4.0f);
            binding.distanceTo = far.transform;
            seen.Add(binding.TryGetValue(out var distance) ? (double)distance : -1.0);
        }

        private void Ducks()
        {
            var soundtrack = Stage.Soundtrack(address);
            soundtrack.volumeDb = -1.0f;
            var one = new GameObject("one").AddComponent<SegueDuck>();
            var two = new GameObject("two").AddComponent<SegueDuck>();
            two.gainDb = -20.0f;
            void See()
            {
                GameLoop.Frame(0.01f);
                seen.Add(soundtrack.GainDb);
            }
            one.Begin();
            one.Begin();
            See();
            one.End();
            See();
            two.active = true;
            See();
            two.gainDb = -24.0f;
            See();
            two.active = false;
            See();
            one.End();
            See();
            var voice = new GameObject("voice").AddComponent<AudioSource>();
            one.whilePlaying = voice;
            voice.Play();
            See();
            one.gameObject.SetActive(false);
            See();
            one.gameObject.SetActive(true);
            See();
            voice.Stop();
            See();
            // A ducker that is destroyed lets go.
            two.active = true;
            See();
            UnityEngine.Object.Destroy(two.gameObject);
            See();
            soundtrack.muted = true;
            See();
        }

        private void Triggers()
        {
            // Until a service of its own is there, triggers wait; what was taken is seen by the event.
            var soundtrack = Stage.Soundtrack("");
            foreach (TriggerMoment moment in Enum.GetValues(typeof(TriggerMoment)))
            {
                var fired = Fired(soundtrack, moment);
                seen.Add(new List<object?> { moment.ToString(), fired });
            }
        }

        /// <summary>How often a trigger would fire by each message in turn, with a tag that half of them have.</summary>
        private object Fired(SegueSoundtrack soundtrack, TriggerMoment moment)
        {
            soundtrack.settings.address = address;
            soundtrack.Play();
            var holder = new GameObject("holder");
            holder.SetActive(false);
            var trigger = holder.AddComponent<SegueTrigger>();
            var fired = 0;
            trigger.trigger = "ping";
            trigger.moment = moment;
            trigger.onlyTag = "Player";
            trigger.onFired.AddListener(() => fired++);
            holder.SetActive(true);
            GameLoop.Frame(0.01f);
            var flat = new GameObject("flat") { tag = "Player" }.AddComponent<Collider2D>();
            foreach (var tag in new[] { "Player", "Enemy" })
            {
                var body = Body(tag);
                foreach (var what in new[] { "Enter", "Exit" })
                {
                    Physics.Send(holder, "OnTrigger" + what, body);
                    Physics.Send(holder, "OnCollision" + what, new Collision(body));
                }
            }
            foreach (var what in new[] { "Enter", "Exit" })
            {
                Physics.Send(holder, "OnTrigger" + what + "2D", flat);
                Physics.Send(holder, "OnCollision" + what + "2D", new Collision2D(flat));
                Physics.Send(holder, "OnMouse" + what, flat);
            }
            Physics.Send(holder, "OnMouseDown", flat);
            Physics.Send(holder, "OnMouseUp", flat);
            UnityEngine.Object.Destroy(holder);
            GameLoop.Frame(0.01f);
            soundtrack.Stop();
            return (long)fired;
        }

        private void Interruptions()
        {
            var soundtrack = Stage.Soundtrack(address);
            void See()
            {
                GameLoop.Frame(0.01f);
                seen.Add(new List<object?> { soundtrack.IsPaused, soundtrack.GainDb });
            }
            See();
            AudioListener.pause = true;
            See();
            soundtrack.interruptions.onPause = Interruption.Duck;
            See();
            soundtrack.interruptions.onPause = Interruption.Keep;
            See();
            AudioListener.pause = false;
            soundtrack.interruptions.onPause = Interruption.Pause;
            Time.timeScale = 0.0f;
            See();
            Time.timeScale = 1.0f;
            See();
            soundtrack.interruptions.onFocusLoss = Interruption.Duck;
            GameLoop.SetFocus(false);
            See();
            GameLoop.SetFocus(true);
            See();
            Application.runInBackground = false;
            GameLoop.SetFocus(false);
            See();
            GameLoop.SetFocus(true);
            Application.runInBackground = true;
            See();
            UnityEditor.EditorApplication.Press(UnityEditor.PauseState.Paused);
            See();
            soundtrack.PauseMusic();
            UnityEditor.EditorApplication.Press(UnityEditor.PauseState.Unpaused);
            See();
            soundtrack.ResumeMusic();
            See();
        }

        private void Bed()
        {
            var soundtrack = Stage.Soundtrack(address);
            soundtrack.bed.clip = new AudioClip { Sample = 0.5f };
            void See(float seconds)
            {
                for (var i = 0; i < (int)(seconds * 10.0f); i++)
                {
                    GameLoop.Frame(0.1f);
                }
                seen.Add(new List<object?> { soundtrack.IsBed, Math.Round(AudioDevice.Callback(64)[0], 3) });
            }
            See(3.5f);
            See(1.5f);
            See(2.0f);
            soundtrack.volumeDb = -20.0f;
            See(0.1f);
            AudioListener.pause = true;
            See(0.1f);
            AudioListener.pause = false;
            See(0.1f);
            soundtrack.Stop();
            See(3.0f);
            seen.Add(AudioDevice.Sources().Count == 2);
            soundtrack.enabled = false;
            GameLoop.Frame(0.1f);
            seen.Add(AudioDevice.Sources().Count == 1);
        }

        private void Recompiled()
        {
            var soundtrack = Stage.Soundtrack(address);
            var zone = Zone("0.25", 0);
            var hero = Body("Player");
            Physics.Send(zone.gameObject, "OnTriggerEnter", hero);
            GameLoop.Frame(0.01f);
            seen.Add(soundtrack.InputValue("level"));
            GameLoop.Recompile(typeof(SegueSoundtrack).Assembly);
            GameLoop.Frame(0.01f);
            seen.Add(soundtrack.State.ToString());
            seen.Add((long)SegueSoundtrack.All.Count);
            seen.Add((long)AudioSettings.Listeners);
            // Unity tells of the collider again where it is still inside only when it comes anew.
            seen.Add(soundtrack.InputValue("level").IsNil);
            Physics.Send(zone.gameObject, "OnTriggerEnter", hero);
            seen.Add(soundtrack.InputValue("level"));
            seen.Add((long)Debug.Logged.FindAll(line => line.StartsWith("exception", StringComparison.Ordinal)).Count);
        }

        private void Mistakes()
        {
            var soundtrack = Stage.Soundtrack("");
            soundtrack.Failed += text => seen.Add(text);
            soundtrack.Refused += (input, text) => seen.Add(input);
            void Try()
            {
                soundtrack.Play();
                seen.Add(soundtrack.State.ToString());
            }
            soundtrack.settings.address = "ftp://x";
            Try();
            soundtrack.settings.address = address;
            soundtrack.settings.certificatePin = "12";
            Try();
            soundtrack.settings.certificatePin = "";
            soundtrack.settings.token = new string('x', 300);
            Try();
            soundtrack.settings.token = "";
            soundtrack.settings.service = ServiceChoice.Start;
            soundtrack.settings.command = "/no/such/program";
            Try();
            soundtrack.settings.rulesFile = "x.yaml";
            Try();
            Application.platform = RuntimePlatform.WebGLPlayer;
            Try();
            Application.platform = RuntimePlatform.LinuxEditor;
            // A name that no rules can have is refused at once, and warned of once.
            seen.Add(soundtrack.SetInput("", 1.0));
            seen.Add(soundtrack.SetInput("level", double.NaN));
            seen.Add(soundtrack.SetInput("level", double.NaN));
            seen.Add(soundtrack.Fire("ping"));
            var saved = -1;
            var restored = "";
            soundtrack.SaveMusic(blob => saved = blob.Length);
            soundtrack.RestoreMusic(new byte[3], how => restored = how);
            seen.Add((long)saved);
            seen.Add(restored);
            seen.Add((long)Debug.Logged.FindAll(line => line.StartsWith("warning: Segue: input 'level'")).Count);
        }
    }
}
