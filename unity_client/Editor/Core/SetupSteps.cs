// What a project lacks before it has music, each with what to do. Nothing of it is left once all is there.
#nullable enable
using System.Collections.Generic;

namespace Segue.EditorTools
{
    public enum SetupStep
    {
        /// <summary>Choose the program of the service.</summary>
        Program,

        /// <summary>Set the sample rate of the project.</summary>
        SampleRate,

        /// <summary>Write a first rule file.</summary>
        Rules,

        /// <summary>Put a soundtrack into the scene.</summary>
        Soundtrack,
    }

    /// <summary>A step that is missing, in words.</summary>
    public readonly struct MissingStep
    {
        public MissingStep(SetupStep step, string text, string button)
        {
            Step = step;
            Text = text;
            Button = button;
        }

        public SetupStep Step { get; }

        /// <summary>What is missing, and what to do.</summary>
        public string Text { get; }

        /// <summary>The words of the button that does it.</summary>
        public string Button { get; }
    }

    public static class SetupSteps
    {
        /// <summary>The name of a first rule file, without its ending.</summary>
        public const string FirstRules = "Soundtrack";

        /// <summary>
        /// The steps that are missing, in order. program: of the service; empty: there is none. sampleRate: the project
        /// setting in Hz. bundle: the setting of the bundle's folder.
        /// </summary>
        public static List<MissingStep> Missing(string program, string bundle, int sampleRate, int ruleFiles, bool hasSoundtrack)
        {
            var missing = new List<MissingStep>();
            if (program.Length == 0)
            {
                missing.Add(new MissingStep(
                    SetupStep.Program,
                    "The service is missing: the program segue, which plays the music. Copy its folder, of a release or of"
                        + " 'make bundle', into the project as " + bundle + ", or choose the program of an installation.",
                    "Choose the program…"));
            }
            if (sampleRate != BuildCheck.Rate)
            {
                missing.Add(new MissingStep(
                    SetupStep.SampleRate,
                    "The project's sample rate is not that of the music: the music is converted to it, which costs processor"
                        + " time.",
                    "Set the sample rate to 48 kHz"));
            }
            if (program.Length > 0 && ruleFiles == 0)
            {
                missing.Add(new MissingStep(
                    SetupStep.Rules, "The project has no rule file, which says what plays when.", "New rule file"));
            }
            if (ruleFiles > 0 && !hasSoundtrack)
            {
                missing.Add(new MissingStep(
                    SetupStep.Soundtrack, "The open scenes have no soundtrack.", "Add a soundtrack to the scene"));
            }
            return missing;
        }
    }
}
