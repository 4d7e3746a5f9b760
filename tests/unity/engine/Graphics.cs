// What is seen, and assets, of Unity. Manual: ScriptReference/PrimitiveType, Color, Material, Renderer, Rect, GUI, TextAsset,
// AssetDatabase, below https://docs.unity3d.com/.
#nullable enable
namespace UnityEngine
{
    /// <summary>PrimitiveType.html</summary>
    public enum PrimitiveType
    {
        Sphere = 0,
        Cube = 3,
    }

    /// <summary>Color.html</summary>
    public readonly struct Color
    {
        public readonly float r;
        public readonly float g;
        public readonly float b;

        public Color(float r, float g, float b)
        {
            this.r = r;
            this.g = g;
            this.b = b;
        }

        public static Color red => new Color(1.0f, 0.0f, 0.0f);

        public static Color blue => new Color(0.0f, 0.0f, 1.0f);

        public static Color yellow => new Color(1.0f, 0.92f, 0.016f);
    }

    /// <summary>Material.html</summary>
    public sealed class Material : Object
    {
        public Color color { get; set; }
    }

    /// <summary>Renderer.html</summary>
    public sealed class Renderer : Component
    {
        public Material material { get; } = new Material();
    }

    /// <summary>Rect.html</summary>
    public readonly struct Rect
    {
        public readonly float width;
        public readonly float height;

        public Rect(float x, float y, float width, float height)
        {
            this.width = width;
            this.height = height;
        }
    }

    /// <summary>GUI.html: keeps what is shown, for tests.</summary>
    public static class GUI
    {
        public static string Shown { get; set; } = "";

        public static void Label(Rect position, string text) => Shown = text;
    }

    /// <summary>TextAsset.html</summary>
    public class TextAsset : Object
    {
        public TextAsset(string text)
        {
            this.text = text;
        }

        public string text { get; }
    }
}

namespace UnityEditor
{
    /// <summary>AssetDatabase.html: an asset's name is its path here; empty: it has none.</summary>
    public static class AssetDatabase
    {
        public static string GetAssetPath(UnityEngine.Object assetObject) =>
            assetObject.name.EndsWith(".yaml", System.StringComparison.Ordinal) ? assetObject.name : "";
    }
}
