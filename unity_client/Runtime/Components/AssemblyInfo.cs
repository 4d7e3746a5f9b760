// The editor tools need some of what is not for games.
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Segue.Editor")]
