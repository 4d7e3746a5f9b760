// The components are the core's only friend: what they need of it is not for games.
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Segue.Components")]
