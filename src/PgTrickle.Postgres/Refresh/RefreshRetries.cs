using Polly;
using Polly.Retry;

namespace PgTrickle.Postgres.Refresh;

/// <summary>Exponential back-off with jitter for what may succeed in a moment.</summary>
internal static class RefreshRetries
{
    public static ResiliencePipeline Create(int retries, RefreshEngineOptions options, TimeProvider time, Func<ValueTask>? onRetry = null) =>
        retries == 0 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } exception && FailureClassifier.IsWorthRetrying(exception)),
                MaxRetryAttempts = retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.LongestDelay,
                OnRetry = _ => onRetry?.Invoke() ?? ValueTask.CompletedTask,
            })
            .Build();
}
