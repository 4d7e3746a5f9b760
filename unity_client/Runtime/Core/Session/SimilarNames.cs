// Finds the name that was probably meant.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Session
{
    /// <summary>
    /// The likeness of Ratcliff and Obershelp: twice the letters in common blocks over all letters.
    /// </summary>
    internal static class SimilarNames
    {
        // Likeness from which on a name counts as misspelt.
        private const double Close = 0.65;

        /// <summary>The known name most like another, whatever its case; empty if none is close.</summary>
        public static string Closest(string name, IEnumerable<string> known)
        {
            var best = "";
            var bestLikeness = Close;
            foreach (var each in known)
            {
                var lower = each.ToLowerInvariant();
                var likeness = Ratio(lower, name.ToLowerInvariant());
                var isLater = string.CompareOrdinal(lower, best) > 0;
                if (likeness > bestLikeness || (likeness == bestLikeness && isLater))
                {
                    best = each;
                    bestLikeness = likeness;
                }
            }
            return best;
        }

        /// <summary>From 0, nothing in common, to 1, equal.</summary>
        private static double Ratio(string a, string b)
        {
            var letters = a.Length + b.Length;
            return letters == 0 ? 1.0 : 2.0 * Matching(a, b) / letters;
        }

        /// <summary>
        /// The letters in the longest common block and, on both sides of it, in blocks found likewise.
        /// </summary>
        private static int Matching(string a, string b)
        {
            var bestA = 0;
            var bestB = 0;
            var best = 0;
            for (var i = 0; i < a.Length; i++)
            {
                for (var j = 0; j < b.Length; j++)
                {
                    var size = 0;
                    while (i + size < a.Length && j + size < b.Length && a[i + size] == b[j + size])
                    {
                        size++;
                    }
                    if (size > best)
                    {
                        best = size;
                        bestA = i;
                        bestB = j;
                    }
                }
            }
            if (best == 0)
            {
                return 0;
            }
            var before = Matching(a.Substring(0, bestA), b.Substring(0, bestB));
            return before + best + Matching(a.Substring(bestA + best), b.Substring(bestB + best));
        }
    }
}
