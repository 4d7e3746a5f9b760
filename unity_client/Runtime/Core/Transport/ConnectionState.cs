// What a connection does.
#nullable enable
namespace Segue.Transport
{
    /// <summary>In the order in which they come.</summary>
    public enum ConnectionState
    {
        Resolving,
        Connecting,
        Encrypting,
        Handshaking,

        /// <summary>Messages can be sent.</summary>
        Open,

        /// <summary>
        /// Over. <see cref="Connection.Failure"/> says why; null after an open connection, or Close.
        /// </summary>
        Ended,
    }
}
