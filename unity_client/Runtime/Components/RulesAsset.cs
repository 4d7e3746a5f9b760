// The rule file that an asset is, for the service.
#nullable enable
using System;
using System.Globalization;
using System.IO;
using UnityEngine;

namespace Segue
{
    internal static class RulesAsset
    {
        private const string Folder = "segue_rules";

        /// <summary>
        /// In the editor the asset's own file, so that what is saved is heard; in a game a copy of its text. Throws
        /// ServiceException: the copy cannot be written.
        /// </summary>
        public static string PathOf(TextAsset rules)
        {
#if UNITY_EDITOR
            // An asset that a script has made has no file.
            var file = UnityEditor.AssetDatabase.GetAssetPath(rules);
            if (file.Length > 0)
            {
                return Path.GetFullPath(file);
            }
#endif
            return Copied(rules);
        }

        private static string Copied(TextAsset rules)
        {
            // Rules of the same name, of another folder of the project or another version of the game, are another file: a
            // service that plays hears every edit.
            var folder = Path.Combine(Application.persistentDataPath, Folder, HashOf(rules.text));
            var path = Path.Combine(folder, rules.name + ".yaml");
            try
            {
                Directory.CreateDirectory(folder);
                if (!File.Exists(path) || File.ReadAllText(path) != rules.text)
                {
                    File.WriteAllText(path, rules.text);
                }
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                throw new Service.ServiceException("the rules cannot be written to '" + path + "': " + error.Message);
            }
            return path;
        }

        /// <summary>FNV-1a of 64 bits. Source: draft-eastlake-fnv, section 2.</summary>
        private static string HashOf(string text)
        {
            var hash = 0xcbf29ce484222325UL;
            foreach (var each in text)
            {
                hash = unchecked((hash ^ each) * 0x100000001b3UL);
            }
            return hash.ToString("x16", CultureInfo.InvariantCulture);
        }
    }
}
