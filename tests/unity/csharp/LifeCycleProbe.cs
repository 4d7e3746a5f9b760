// What Unity does with components that those of the package have to bear: disabled ones, new scenes, handlers that throw.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;
using UnityEngine;

namespace Segue.Probes
{
    internal static class LifeCycleProbe
    {
        /// <summary>A zone that is disabled and enabled, and colliders that are switched off inside: the input's values.</summary>
        public static IEnumerable<object?> Zones(string address)
        {
            var soundtrack = Stage.Soundtrack(address);
            soundtrack.SetInput("level", 0.5);
            var zone = new GameObject("zone").AddComponent<SegueZone>();
            zone.input = "level";
            zone.value = "0.25";
            // The tag is at the body, and the collider below it.
            var hero = new GameObject("hero") { tag = "Player" };
            hero.AddComponent<Rigidbody>();
            var foot = new GameObject("foot");
            foot.transform.SetParent(hero.transform);
            var solid = foot.AddComponent<Collider>();
            Physics.Send(zone.gameObject, "OnTriggerEnter", solid);
            yield return soundtrack.InputValue("level");
            zone.enabled = false;
            yield return soundtrack.InputValue("level");
            zone.enabled = true;
            yield return soundtrack.InputValue("level");
            solid.enabled = false;
            GameLoop.Frame(0.01f);
            yield return soundtrack.InputValue("level");
            // It is entered while it is disabled.
            zone.enabled = false;
            solid.enabled = true;
            Physics.Send(zone.gameObject, "OnTriggerEnter", solid);
            yield return soundtrack.InputValue("level");
            zone.enabled = true;
            yield return soundtrack.InputValue("level");
            // An inactive object is told anew of what is inside when it is active again.
            zone.gameObject.SetActive(false);
            zone.gameObject.SetActive(true);
            yield return soundtrack.InputValue("level");
        }

        /// <summary>How often a trigger has fired: disabled, enabled, and with a cooldown while nothing takes it.</summary>
        public static IEnumerable<object?> Triggers(string address)
        {
            var soundtrack = Stage.Soundtrack("");
            var trigger = new GameObject("trigger").AddComponent<SegueTrigger>();
            var fired = 0L;
            trigger.trigger = "ping";
            trigger.moment = TriggerMoment.TriggerEnter;
            trigger.cooldownS = 10.0f;
            trigger.onFired.AddListener(() => fired++);
            var body = new GameObject("body").AddComponent<Collider>();
            // The soundtrack does not play: that is no reason to wait for ten seconds.
            Physics.Send(trigger.gameObject, "OnTriggerEnter", body);
            yield return fired;
            soundtrack.settings.address = address;
            soundtrack.Play();
            trigger.enabled = false;
            Physics.Send(trigger.gameObject, "OnTriggerEnter", body);
            yield return fired;
            trigger.enabled = true;
            Physics.Send(trigger.gameObject, "OnTriggerEnter", body);
            yield return fired;
            Physics.Send(trigger.gameObject, "OnTriggerEnter", body);
            yield return fired;
        }

        /// <summary>What a soundtrack has of a binding's constant number: at first, after a reset, and that of a new scene.</summary>
        public static IEnumerable<object?> Bindings(string address)
        {
            var first = Stage.Soundtrack(address);
            var binding = new GameObject("binding").AddComponent<SegueBinding>();
            binding.input = "level";
            binding.SetValue(0.25f);
            GameLoop.Frame(0.2f);
            yield return first.InputValue("level");
            first.ResetInputs();
            yield return first.InputValue("level").IsNil;
            GameLoop.Frame(0.2f);
            yield return first.InputValue("level");
            UnityEngine.Object.Destroy(first.gameObject);
            GameLoop.Frame(0.2f);
            var second = Stage.Soundtrack(address);
            GameLoop.Frame(0.2f);
            yield return second.InputValue("level");
        }

        /// <summary>
        /// Handlers that throw where a soundtrack is destroyed: how many soundtracks, listeners, answered saves and other
        /// handlers that were told there are then.
        /// </summary>
        public static IEnumerable<object?> Handlers(string address)
        {
            var soundtrack = Stage.Soundtrack(address);
            var told = 0L;
            soundtrack.Disconnected += reason => throw new InvalidOperationException("a handler of the game fails");
            soundtrack.unityEvents.onDisconnected.AddListener(reason => told++);
            UnityEngine.Object.Destroy(soundtrack.gameObject);
            GameLoop.Frame(0.01f);
            yield return (long)SegueSoundtrack.All.Count;
            yield return (long)AudioSettings.Listeners;
            yield return (long)UnityEditor.EditorApplication.Listeners;
            yield return told;
            yield return (long)Debug.Logged.FindAll(line => line.StartsWith("exception", StringComparison.Ordinal)).Count;
        }

        /// <summary>
        /// A device that is lost, and one that is not there at the start: the state and why; that of a session whose service
        /// becomes ready; and the state once there is a device.
        /// </summary>
        public static IEnumerable<object?> Devices(string address)
        {
            var device = AudioSettings.GetConfiguration();
            var none = device;
            none.sampleRate = 0;
            var soundtrack = Stage.Soundtrack(address);
            AudioSettings.Reset(none);
            yield return soundtrack.State.ToString();
            yield return soundtrack.Failure;
            soundtrack.Play();
            yield return soundtrack.State.ToString();
            var failure = "";
            var session = new SoundtrackSession(
                new Client.ClientOptions(),
                new MusicLevel(),
                new GameInputs((input, error) => { }),
                () => { },
                (text, isFinal) => failure = isFinal + " " + text);
            session.SetDevice(0, 0);
            session.Open(address);
            yield return failure;
            yield return session.Client == null;
            AudioSettings.Reset(device);
            soundtrack.Play();
            yield return soundtrack.State.ToString();
        }

        /// <summary>Whether the overlay is drawn: at first, after its key, after that again, in a release, and allowed there.</summary>
        public static IEnumerable<object?> Overlay(string address)
        {
            var overlay = Stage.Soundtrack(address).gameObject.AddComponent<SegueOverlay>();
            bool IsDrawn()
            {
                GUI.Textures = 0;
                GameLoop.Frame(0.2f);
                return GUI.Textures > 0;
            }
            void Press() => Event.current = new Event { type = EventType.KeyDown, keyCode = KeyCode.F3 };
            yield return IsDrawn();
            Press();
            yield return IsDrawn();
            yield return Event.current.type.ToString();
            Press();
            yield return IsDrawn();
            Debug.isDebugBuild = false;
            yield return IsDrawn();
            overlay.inRelease = true;
            yield return IsDrawn();
            Debug.isDebugBuild = true;
            yield return GUI.Shown.Split('\n')[0];
        }

        /// <summary>Whether the music pauses: disabled while the window and the editor's button change, and enabled again.</summary>
        public static IEnumerable<object?> Interruptions(string address)
        {
            var soundtrack = Stage.Soundtrack(address);
            soundtrack.interruptions.onFocusLoss = Interruption.Pause;
            GameLoop.SetFocus(false);
            yield return soundtrack.IsPaused;
            soundtrack.enabled = false;
            GameLoop.SetFocus(true);
            soundtrack.enabled = true;
            yield return soundtrack.IsPaused;
            soundtrack.enabled = false;
            GameLoop.SetFocus(false);
            soundtrack.enabled = true;
            yield return soundtrack.IsPaused;
            GameLoop.SetFocus(true);
            UnityEditor.EditorApplication.Press(UnityEditor.PauseState.Paused);
            yield return soundtrack.IsPaused;
            soundtrack.enabled = false;
            UnityEditor.EditorApplication.Press(UnityEditor.PauseState.Unpaused);
            soundtrack.enabled = true;
            yield return soundtrack.IsPaused;
        }
    }
}
