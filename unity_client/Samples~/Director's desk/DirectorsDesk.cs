// A desk for whoever directs the music: a control for each input, what plays and why, and a button that kills the service.
#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using Segue.Protocol;
using UnityEngine;

namespace Segue.Samples
{
    /// <summary>
    /// Add it to an empty object, give it any rules, and press play. It makes the controls of what the rules declare. While
    /// the service is gone the music plays on from its buffer; a new service goes on where it was.
    /// </summary>
    public sealed class DirectorsDesk : MonoBehaviour
    {
        [Tooltip("Any rule file, such as Desk.yaml of this sample.")]
        public TextAsset? rules;

        private const float Left = 20.0f;
        private const float LineHeight = 24.0f;
        private const float NameWidth = 140.0f;
        private const float ControlWidth = 200.0f;

        private readonly Dictionary<string, float> numbers = new Dictionary<string, float>();
        private SegueSoundtrack? soundtrack;
        private SegueOverlay? overlay;

        private void Start()
        {
            var music = new GameObject("Music");
            music.SetActive(false);
            soundtrack = music.AddComponent<SegueSoundtrack>();
            soundtrack.settings.rules = rules;
            overlay = music.AddComponent<SegueOverlay>();
            overlay.visible = false;
            music.SetActive(true);
        }

        private void OnGUI()
        {
            var line = 1;
            if (soundtrack!.ServiceId > 0 && GUI.Button(Line(line++, 0.0f, NameWidth), "Kill the service"))
            {
                Process.GetProcessById(soundtrack.ServiceId).Kill();
            }
            if (soundtrack.Declaration != null)
            {
                foreach (var each in soundtrack.Declaration["inputs"].AsList)
                {
                    Draw(line++, each.AsRecord);
                }
            }
            // What plays and why, as in the overlay.
            GUI.Label(new Rect(Left, (line + 1) * LineHeight, 600.0f, 400.0f), overlay!.TextOf(soundtrack));
        }

        private void Draw(int line, Record input)
        {
            var name = input["name"].AsText;
            GUI.Label(Line(line, 0.0f, NameWidth), name);
            var place = Line(line, NameWidth, ControlWidth);
            switch (input["type"].AsText)
            {
                case "trigger":
                    if (GUI.Button(place, "Fire " + name))
                    {
                        soundtrack!.Fire(name);
                    }
                    break;
                case "flag":
                    var isSet = soundtrack!.InputValue(name).AsBoolean;
                    if (GUI.Button(place, name + (isSet ? ": true" : ": false")))
                    {
                        soundtrack.SetInput(name, !isSet);
                    }
                    break;
                case "choice":
                    DrawChoice(place, name, input["of"].AsList);
                    break;
                default:
                    DrawNumber(place, name, input);
                    break;
            }
        }

        /// <summary>A button that goes to the next choice.</summary>
        private void DrawChoice(Rect place, string name, IReadOnlyList<Value> choices)
        {
            var now = soundtrack!.InputValue(name).AsText;
            if (!GUI.Button(place, name + ": " + now))
            {
                return;
            }
            for (var i = 0; i < choices.Count; i++)
            {
                if (choices[i].AsText == now)
                {
                    soundtrack.SetInput(name, choices[(i + 1) % choices.Count].AsText);
                    return;
                }
            }
        }

        private void DrawNumber(Rect place, string name, Record input)
        {
            if (!numbers.TryGetValue(name, out var before))
            {
                before = Number(input["default"]);
            }
            var number = GUI.HorizontalSlider(place, before, Number(input["low"]), Number(input["high"]));
            numbers[name] = number;
            if (number == before)
            {
                return;
            }
            if (input["type"].AsText == "integer")
            {
                soundtrack!.SetInput(name, (long)number);
            }
            else
            {
                soundtrack!.SetInput(name, (double)number);
            }
        }

        private static float Number(Value value) =>
            value.Kind == ValueKind.Integer ? value.AsInteger : value.Kind == ValueKind.Real ? (float)value.AsReal : 0.0f;

        private static Rect Line(int line, float from, float width) =>
            new Rect(Left + from, line * LineHeight, width, LineHeight - 4.0f);
    }
}
