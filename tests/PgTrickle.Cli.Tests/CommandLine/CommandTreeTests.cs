using PgTrickle.Cli.CommandLine;

namespace PgTrickle.Cli.Tests.CommandLine;

public sealed class CommandTreeTests
{
    public static TheoryData<string> Names => [.. CommandList.All(new TestConsole().Context).Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Help_of_a_command_shows_every_option_and_examples(string name)
    {
        var console = new TestConsole();
        var command = (CliCommand)CommandTree.Build(console.Context).Subcommands.Single(command => command.Name == name);

        Assert.Equal(ExitCode.Ok, await console.RunAsync(name, "--help"));

        Assert.All(command.Options.Where(option => !option.Hidden), option => Assert.Contains(option.Name, console.Output, StringComparison.Ordinal));
        Assert.NotEmpty(command.Examples);
        Assert.All(command.Examples, example => Assert.Contains(example.CommandLine, console.Output, StringComparison.Ordinal));
        Assert.Empty(console.Error);
    }

    /// <summary>An example that does not parse is worse than none.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Examples_of_a_command_can_be_parsed(string name)
    {
        var context = new TestConsole().Context;
        var command = (CliCommand)CommandTree.Build(context).Subcommands.Single(command => command.Name == name);

        foreach (var example in command.Examples)
        {
            var arguments = example.CommandLine[(example.CommandLine.IndexOf("pgtrickle ", StringComparison.Ordinal) + "pgtrickle ".Length)..];
            var parsed = CommandTree.Build(context).Parse(arguments);
            Assert.True(parsed.Errors.Count == 0, $"{example.CommandLine}: {string.Join(' ', parsed.Errors)}");
            Assert.Equal(name, parsed.CommandResult.Command.Name);
        }
    }

    [Fact]
    public async Task Help_lists_the_commands_and_the_exit_codes()
    {
        var console = new TestConsole();

        Assert.Equal(ExitCode.Ok, await console.RunAsync("--help"));

        Assert.All(CommandList.All(console.Context), command => Assert.Contains(command.Name, console.Output, StringComparison.Ordinal));
        Assert.Contains("Exit codes:", console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no command", "Required command")]
    [InlineData("explode", "explode")]
    [InlineData("install --nonsense", "--nonsense")]
    [InlineData("install", "PGTRICKLE_CONNECTION")]
    [InlineData("install --connection rubbish", "can't be understood")]
    public async Task A_wrong_command_line_is_a_usage_error_that_names_what_is_wrong(string line, string message)
    {
        var console = new TestConsole();

        Assert.Equal(ExitCode.Usage, await console.RunAsync(line == "no command" ? [] : line.Split(' ')));

        Assert.Contains(message, console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_shown()
    {
        var console = new TestConsole();

        Assert.Equal(ExitCode.Ok, await console.RunAsync("--version"));

        Assert.Matches(@"^\d+\.\d+\.\d+", console.Output);
    }
}
