// Draws a field that is a rule file: the field itself, what is wrong with the file, and a button that opens it.
#nullable enable
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    [CustomPropertyDrawer(typeof(SegueRulesAttribute))]
    public sealed class SegueRulesDrawer : PropertyDrawer
    {
        private const float ButtonWidth = 22.0f;
        private const float Gap = 2.0f;

        // Mistakes are longer than names.
        private const float FaultLines = 2.0f;

        public override float GetPropertyHeight(SerializedProperty property, GUIContent label)
        {
            var height = EditorGUIUtility.singleLineHeight;
            return FaultOf(property).Length > 0 ? ((FaultLines + 1.0f) * height) + Gap : height;
        }

        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            var height = EditorGUIUtility.singleLineHeight;
            label = EditorGUI.BeginProperty(position, label, property);
            var width = position.width - ButtonWidth - Gap;
            var line = new Rect(position.x, position.y, width, height);
            if (property.propertyType == SerializedPropertyType.ObjectReference)
            {
                EditorGUI.ObjectField(line, property, label);
            }
            else
            {
                var typed = EditorGUI.TextField(line, label, property.stringValue);
                if (typed != property.stringValue)
                {
                    property.stringValue = typed;
                }
            }
            var path = PathOf(property);
            using (new EditorGUI.DisabledScope(path.Length == 0))
            {
                var button = new Rect(position.x + width + Gap, position.y, ButtonWidth, height);
                if (GUI.Button(button, new GUIContent("→", "Show the file, at its first mistake")))
                {
                    var mistakes = SegueProject.Declarations.Mistakes(path);
                    SegueProject.Jump(mistakes.Count > 0 ? mistakes[0].Place : new FilePlace(path, 1, 1));
                }
            }
            var fault = FaultOf(property);
            if (fault.Length > 0)
            {
                var below = new Rect(position.x, position.y + height + Gap, position.width, FaultLines * height);
                EditorGUI.HelpBox(below, fault, MessageType.Warning);
            }
            EditorGUI.EndProperty();
        }

        private static string FaultOf(SerializedProperty property) => SegueProject.Declarations.FaultOfFile(PathOf(property));

        /// <summary>The path in the project; empty: no file is set.</summary>
        private static string PathOf(SerializedProperty property)
        {
            if (property.propertyType != SerializedPropertyType.ObjectReference)
            {
                return property.stringValue.Length > 0 ? BuildCheck.StreamingAssets + "/" + property.stringValue : "";
            }
            var asset = property.objectReferenceValue;
            return asset == null ? "" : AssetDatabase.GetAssetPath(asset);
        }
    }
}
