package convoy.job;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;

/**
 * The command line. Exit codes: 0 done, 1 a bug of ours, 2 a wrong command line, 3 something that
 * the operator can mend; a signal's own where one ended the job.
 */
public final class Main {
  private static final int BUG = 1;
  private static final int OPERATOR = 3;
  private static final Map<String, Job<?>> JOBS =
      Map.of(
          "partition", new PartitionJob(),
          "train", new TrainJob(),
          "watch", new WatchJob(),
          "evaluate", new EvaluateJob(),
          "predict", new PredictJob(),
          "retrain", new RetrainJob(),
          "registry", new RegistryJob(),
          "describe", new DescribeJob(),
          "bench", new BenchJob(),
          "draw", new DrawJob());

  private Main() {}

  public static void main(String[] arguments) {
    // Numbers as the sentences around them are.
    Locale.setDefault(Locale.ENGLISH);
    PrintWriter err =
        new PrintWriter(new OutputStreamWriter(System.err, Charset.defaultCharset()), true);
    System.exit(run(err, arguments));
  }

  /** Runs a job and returns the exit code; errors go to {@code err}. */
  public static int run(PrintWriter err, String... arguments) {
    CommandLine line =
        new CommandLine(CommandSpec.create().name("convoy").mixinStandardHelpOptions(true));
    line.getCommandSpec().version("convoy " + Provenance.version());
    JOBS.forEach(
        (name, job) ->
            line.addSubcommand(name, new JobCommand<>(name, job, List.of(arguments)).line()));
    line.setErr(err);
    line.setExecutionStrategy(new CommandLine.RunLast());
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> report(e, err, parsed.hasMatchedOption("--stacktrace")));
    return line.execute(arguments);
  }

  private static int report(Exception e, PrintWriter err, boolean stackTrace) {
    if (Stop.isAsked()) {
      // What was under way fails by that. The signal decides the exit code.
      return OPERATOR;
    }
    boolean operator = e instanceof UserException;
    if (stackTrace || !operator) {
      e.printStackTrace(err);
    }
    String message = operator ? e.getMessage() : "This is a bug of Convoy: %s".formatted(e);
    message.lines().forEach(line -> err.println("error: " + line));
    return operator ? OPERATOR : BUG;
  }

  /** The options that every job has. */
  @Command(mixinStandardHelpOptions = true, versionProvider = Version.class)
  private static final class JobCommand<C extends Record> implements Callable<Integer> {
    private final String name;
    private final Job<C> job;
    private final List<String> words;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "Settings laid over the reference configuration; may be given again.")
    private List<String> configs = new ArrayList<>();

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "One setting, laid over the files; may be given again.")
    private List<String> settings = new ArrayList<>();

    private final List<String> shortcuts = new ArrayList<>();

    @Option(
        names = "--run",
        paramLabel = "DIR",
        description = "Folder of the results. A folder that exists is resumed.")
    private Optional<String> run = Optional.empty();

    @Option(
        names = "--spark",
        paramLabel = "FILE",
        description = "Spark settings of the cluster, conf/spark/*.conf; read by jobs/submit.sh.")
    @SuppressWarnings("unused")
    private Optional<String> spark = Optional.empty();

    @Option(names = "--check", description = "Check configuration and environment, then stop.")
    private boolean check;

    @Option(names = "--print-config", description = "Print the whole configuration, then stop.")
    private boolean printConfig;

    @Option(names = "--stacktrace", description = "Print the stack trace of every error.")
    @SuppressWarnings("unused")
    private boolean stackTrace;

    JobCommand(String name, Job<C> job, List<String> words) {
      this.name = name;
      this.job = job;
      this.words = words;
    }

    CommandLine line() {
      CommandLine line = new CommandLine(this);
      for (String setting : job.settingsWithOption()) {
        line.getCommandSpec()
            .addOption(
                OptionSpec.builder("--" + setting)
                    .type(String.class)
                    .paramLabel("VALUE")
                    .description("The same as --set %s=VALUE.".formatted(setting))
                    .setter(new Shortcut(setting))
                    .build());
      }
      List<String> unnamed = job.settingsWithoutName();
      for (int i = 0; i < unnamed.size(); i++) {
        line.getCommandSpec()
            .addPositional(
                PositionalParamSpec.builder()
                    .index(String.valueOf(i))
                    .arity("0..1")
                    .type(String.class)
                    .paramLabel(unnamed.get(i).toUpperCase(Locale.ROOT))
                    .description("The same as --set %s=VALUE.".formatted(unnamed.get(i)))
                    .setter(new Shortcut(unnamed.get(i)))
                    .build());
      }
      return line;
    }

    /** Turns an option into a setting; ones that are not given are not set. */
    private final class Shortcut implements ISetter {
      private final String setting;

      private Shortcut(String setting) {
        this.setting = setting;
      }

      @Override
      public <T> T set(T value) {
        if (value != null) {
          shortcuts.add("%s=%s".formatted(setting, value));
        }
        return null;
      }
    }

    @Override
    public Integer call() {
      C config =
          Documents.reference(name)
              .withFiles(configs.stream().map(Location::of).toList())
              .with(settings)
              .with(shortcuts)
              .bind(name, job.configType());
      if (printConfig) {
        System.out.print(Documents.toYaml(config));
        return CommandLine.ExitCode.OK;
      }
      List<String> problems = new ArrayList<>(job.problems(config));
      Optional<Location> folder = run.map(Location::of);
      problems.addAll(Runs.problems(name, config, job.choicesWhenResumed(), folder));
      if (problems.isEmpty()) {
        folder.ifPresent(named -> problems.addAll(job.problems(config, new RunFolder(named))));
      }
      UserException.throwIfAny(problems);
      if (check) {
        System.out.println("The configuration and the environment are right.");
        return CommandLine.ExitCode.OK;
      }
      Job.Context context = new Job.Context(folder, Provenance.of(words), System.out);
      Stop.told(job.resumes(), () -> job.run(config, context));
      return CommandLine.ExitCode.OK;
    }
  }

  private static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"convoy " + Provenance.version()};
    }
  }
}
