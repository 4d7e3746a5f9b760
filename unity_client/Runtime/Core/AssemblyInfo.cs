// The components and the editor tools need some of what is not for games.
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Segue.Components")]
[assembly: InternalsVisibleTo("Segue.Timeline")]
[assembly: InternalsVisibleTo("Segue.Editor.Core")]
