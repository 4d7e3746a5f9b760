// Why a service cannot be started.
#nullable enable
using System;

namespace Segue.Service
{
    /// <summary>Its message says what to do.</summary>
    public sealed class ServiceException : Exception
    {
        public ServiceException(string message)
            : base(message)
        {
        }
    }
}
