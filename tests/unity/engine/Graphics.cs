// What is seen, and assets, of Unity. Manual: ScriptReference/PrimitiveType, Color, Material, Renderer, Light, TextAsset,
// below https://docs.unity3d.com/.
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

        public readonly float a;

        public Color(float r, float g, float b, float a = 1.0f)
        {
            this.r = r;
            this.g = g;
            this.b = b;
            this.a = a;
        }

        public static Color white => new Color(1.0f, 1.0f, 1.0f);

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

    /// <summary>Light.html</summary>
    public sealed class Light : Behaviour
    {
        public float intensity { get; set; } = 1.0f;

        public Color color { get; set; } = Color.white;
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
