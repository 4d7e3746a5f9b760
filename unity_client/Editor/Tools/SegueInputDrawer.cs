// Draws a field that names something of the rules: a line to type in, a list with a search, and what is wrong with it.
#nullable enable
using System.Collections.Generic;
using Segue.Game;
using UnityEditor;
using UnityEditor.IMGUI.Controls;
using UnityEngine;

namespace Segue.EditorTools
{
    [CustomPropertyDrawer(typeof(SegueInputAttribute))]
    public sealed class SegueInputDrawer : PropertyDrawer
    {
        private const float ButtonWidth = 22.0f;
        private const float Gap = 2.0f;

        public override float GetPropertyHeight(SerializedProperty property, GUIContent label)
        {
            var height = EditorGUIUtility.singleLineHeight;
            return FaultOf(property).Length > 0 ? (2.0f * height) + Gap : height;
        }

        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            var height = EditorGUIUtility.singleLineHeight;
            if (property.propertyType != SerializedPropertyType.String)
            {
                EditorGUI.HelpBox(position, "[SegueInput] expects a field of the type string", MessageType.Error);
                return;
            }
            var field = FieldOf(property);
            label = EditorGUI.BeginProperty(position, label, property);
            var width = position.width - (2.0f * (ButtonWidth + Gap));
            var typed = EditorGUI.TextField(new Rect(position.x, position.y, width, height), label, property.stringValue);
            if (typed != property.stringValue)
            {
                property.stringValue = typed;
            }
            var list = new Rect(position.x + width + Gap, position.y, ButtonWidth, height);
            if (GUI.Button(list, new GUIContent("▾", "Choose a name")))
            {
                var names = Declarations.Fitting(field.Names, property.stringValue);
                var (edited, path) = (property.serializedObject.targetObjects, property.propertyPath);
                new NameDropdown(names, name => Choose(edited, path, name)).Show(list);
            }
            var place = field.PlaceOf(property.stringValue);
            var jump = new Rect(list.x + ButtonWidth + Gap, position.y, ButtonWidth, height);
            using (new EditorGUI.DisabledScope(place == null))
            {
                if (GUI.Button(jump, new GUIContent("→", "Show it in the rule file")) && place != null)
                {
                    SegueProject.Jump(place.Value);
                }
            }
            var fault = field.FaultOf(property.stringValue);
            if (fault.Length > 0)
            {
                EditorGUI.HelpBox(new Rect(position.x, position.y + height + Gap, position.width, height), fault, MessageType.Warning);
            }
            EditorGUI.EndProperty();
        }

        /// <summary>Later, when the property that was drawn is no more.</summary>
        private static void Choose(Object[] edited, string path, string name)
        {
            var fresh = new SerializedObject(edited);
            fresh.FindProperty(path)!.stringValue = name;
            fresh.ApplyModifiedProperties();
        }

        private string FaultOf(SerializedProperty property) =>
            property.propertyType == SerializedPropertyType.String ? FieldOf(property).FaultOf(property.stringValue) : "expected";

        private NameField FieldOf(SerializedProperty property)
        {
            var named = (SegueInputAttribute)attribute;
            var beside = property.propertyPath;
            beside = beside.Substring(0, beside.LastIndexOf('.') + 1);
            var of = named.Of.Length == 0 ? null : property.serializedObject.FindProperty(beside + named.Of);
            var component = property.serializedObject.targetObject as Component;
            var given = property.serializedObject.FindProperty("soundtrack")?.objectReferenceValue as SegueSoundtrack;
            var rules = component == null ? "" : SegueProject.RulesOf(component, given);
            return new NameField(SegueProject.Declarations, named.Kind, rules, of == null ? "" : of.stringValue);
        }

        /// <summary>The editor's own list with a search.</summary>
        private sealed class NameDropdown : AdvancedDropdown
        {
            private readonly IReadOnlyList<string> names;
            private readonly System.Action<string> chosen;

            public NameDropdown(IReadOnlyList<string> names, System.Action<string> chosen)
                : base(new AdvancedDropdownState())
            {
                this.names = names;
                this.chosen = chosen;
                minimumSize = new Vector2(200.0f, 240.0f);
            }

            protected override AdvancedDropdownItem BuildRoot()
            {
                var root = new AdvancedDropdownItem(names.Count > 0 ? "Names" : "No rule file declares any");
                foreach (var name in names)
                {
                    root.AddChild(new AdvancedDropdownItem(name));
                }
                return root;
            }

            protected override void ItemSelected(AdvancedDropdownItem item) => chosen(item.name);
        }
    }
}
