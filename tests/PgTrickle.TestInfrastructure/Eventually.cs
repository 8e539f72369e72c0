using System.Diagnostics;
using Xunit.Sdk;

namespace PgTrickle.TestInfrastructure;

/// <summary>
/// Waits for a condition, with a deadline for the broken case only. This is the one place in the tests that lets time pass: nothing else may.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromMinutes(3);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">Asked again and again; an exception ends the wait.</param>
    /// <param name="description">What should come true, for the failure's message.</param>
    /// <param name="timeout">How long to wait at most; three minutes if not given.</param>
    public static Task TrueAsync(Func<Task<bool>> condition, string description, TimeSpan? timeout = null) =>
        ValueAsync(condition, value => value, description, timeout);

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, string, TimeSpan?)"/>
    public static Task TrueAsync(Func<bool> condition, string description, TimeSpan? timeout = null) =>
        TrueAsync(() => Task.FromResult(condition()), description, timeout);

    /// <summary>Waits until a probe yields a value that suits, and returns it.</summary>
    public static async Task<T> ValueAsync<T>(Func<Task<T>> probe, Func<T, bool> suits, string description, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(suits);
        var limit = timeout ?? DefaultTimeout;
        var clock = Stopwatch.StartNew();
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            var value = await probe();
            if (suits(value))
            {
                return value;
            }

            if (clock.Elapsed > limit)
            {
                throw new XunitException($"Waited {limit.TotalSeconds} s in vain until {description}. Last value: {value}");
            }

            await Task.Delay(pause);
        }
    }

    /// <summary>Waits until an assertion passes; reports its last failure when it never does.</summary>
    public static async Task PassesAsync(Func<Task> assertion, string description, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(assertion);
        var limit = timeout ?? DefaultTimeout;
        var clock = Stopwatch.StartNew();
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                await assertion();
                return;
            }
            catch (XunitException failure) when (clock.Elapsed > limit)
            {
                throw new XunitException($"Waited {limit.TotalSeconds} s in vain until {description}.\n{failure.Message}", failure);
            }
            catch (XunitException)
            {
                await Task.Delay(pause);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
