namespace PgTrickle.Actors.Contracts.Messages;

/// <summary>Anything that crosses the wire or lies in the journal; bound to <see cref="Serialization.ContractSerializer"/>.</summary>
public interface IContractMessage;

/// <summary>A message to a stream table's entity, wherever it lives. All of them may arrive twice, late or out of order.</summary>
public interface IStreamTableMessage : IContractMessage
{
    /// <summary>The entity addressed.</summary>
    StreamTableId Id { get; }
}

/// <summary>A message to the DAG coordinator.</summary>
public interface ICoordinatorMessage : IContractMessage;

/// <summary>An event of the DAG coordinator.</summary>
public interface ICoordinatorEvent : IContractMessage;
