package convoy.report;

import convoy.core.Daemons;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.Secrets;
import convoy.core.UserException;
import convoy.train.TrainingHistory;
import convoy.train.TrainingState;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.commons.lang3.StringUtils;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.tracking.MlflowClient;

/**
 * A training as a run of an MLflow tracking server: its configuration as parameters, its epochs as
 * metrics, how it ended. What the server was told is noted in the run's folder, so that a training
 * that is resumed goes on in the same run there, and what it missed is sent with the next epoch.
 */
public final class MlflowReport {
  private static final String NOTES = "mlflow.json";
  private static final int DEADLINE_SECONDS = 60;

  /** Of a parameter's value, before MLflow 2.8. */
  private static final int LONGEST = 500;

  private final RunFolder run;
  private final String server;
  private final String experiment;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(Daemons.named("mlflow"));

  /** The client has no deadline of its own: what it waits for may come after all. */
  private Future<?> pending = CompletableFuture.completedFuture(null);

  /**
   * What a server knows.
   *
   * @param server without a password
   * @param runId there
   * @param described whether it has the configuration
   * @param epochs that were sent
   */
  private record Told(
      String server,
      String experiment,
      String runId,
      boolean described,
      int epochs,
      Status status) {}

  private enum Status {
    RUNNING,
    FINISHED,
    /** It may be resumed. */
    KILLED
  }

  /**
   * @param server {@code http://host:5000}
   */
  public MlflowReport(Location run, String server, String experiment) {
    this.run = RunFolder.existing(run, "train");
    this.server = server;
    this.experiment = experiment;
  }

  /**
   * Tells the server what it does not know yet.
   *
   * @throws UserException if it cannot be told now
   */
  public void write() {
    if (!pending.isDone()) {
      throw new UserException(
          "Cannot tell MLflow at %s: it has not answered what it was told before. Check the server."
              .formatted(Secrets.blanked(server)));
    }
    pending = thread.submit(this::tell);
    try {
      Object unused = pending.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new UserException(
          "Cannot tell MLflow at %s: %s. Check key mlflow and the server."
              .formatted(Secrets.blanked(server), e.getCause().getMessage()),
          e.getCause());
    } catch (TimeoutException e) {
      throw new UserException(
          "Cannot tell MLflow at %s: no answer within %d s. Check key mlflow and the server."
              .formatted(Secrets.blanked(server), DEADLINE_SECONDS),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell() {
    TrainingState state = TrainingState.of(run);
    try (MlflowClient client = new MlflowClient(server)) {
      Told told = described(client, told(client), state);
      List<TrainingHistory.Epoch> epochs = state.epochs();
      // Fewer than were told: the last one was trained anew.
      int first = told.epochs > epochs.size() ? epochs.size() - 1 : told.epochs;
      for (TrainingHistory.Epoch epoch : epochs.subList(Math.max(0, first), epochs.size())) {
        client.logBatch(told.runId, metrics(epoch), List.of(), List.of());
      }
      Status status =
          switch (state.kind()) {
            case TRAINING -> Status.RUNNING;
            case DONE -> Status.FINISHED;
            case STOPPED -> Status.KILLED;
          };
      if (status != told.status) {
        update(client, told.runId, status);
      }
      note(new Told(told.server, experiment, told.runId, true, epochs.size(), status));
    }
  }

  /** The run of before, or a new one. */
  private Told told(MlflowClient client) {
    Location notes = run.file(NOTES);
    String known = Secrets.blanked(server);
    if (notes.exists()) {
      Told told = Documents.read(notes, Told.class);
      if (told.server.equals(known) && told.experiment.equals(experiment)) {
        return told;
      }
    }
    String experimentId =
        client
            .getExperimentByName(experiment)
            .map(Service.Experiment::getExperimentId)
            .orElseGet(() -> client.createExperiment(experiment));
    Service.CreateRun wanted =
        Service.CreateRun.newBuilder()
            .setExperimentId(experimentId)
            .setRunName(run.location().name())
            .setStartTime(System.currentTimeMillis())
            .build();
    String runId = client.createRun(wanted).getRunId();
    // At once, or what fails from here on would leave a run there that nobody knows.
    return note(new Told(known, experiment, runId, false, 0, Status.RUNNING));
  }

  private Told described(MlflowClient client, Told told, TrainingState state) {
    if (told.described) {
      return told;
    }
    client.logBatch(told.runId, List.of(), parameters(state), tags());
    return note(new Told(told.server, experiment, told.runId, true, told.epochs, told.status));
  }

  private Told note(Told told) {
    run.file(NOTES).writeText(Documents.toJson(told));
    return told;
  }

  /** But for the server's address, which may have a password in it. */
  private static List<Service.Param> parameters(TrainingState state) {
    return Documents.flat(state.config()).entrySet().stream()
        .filter(entry -> !entry.getKey().equals("mlflow"))
        .map(
            entry ->
                Service.Param.newBuilder()
                    .setKey(entry.getKey())
                    .setValue(StringUtils.truncate(entry.getValue(), LONGEST))
                    .build())
        .toList();
  }

  private List<Service.RunTag> tags() {
    Provenance provenance = run.provenance();
    return Stream.of(
            Map.entry("run", run.location().uri()),
            Map.entry("convoy", Provenance.version()),
            Map.entry("mlflow.source.git.commit", provenance.commit()),
            Map.entry("command", String.join(" ", provenance.command())))
        .map(
            tag ->
                Service.RunTag.newBuilder().setKey(tag.getKey()).setValue(tag.getValue()).build())
        .toList();
  }

  private static List<Service.Metric> metrics(TrainingHistory.Epoch epoch) {
    long now = System.currentTimeMillis();
    return EventFiles.scalars(epoch).entrySet().stream()
        .map(
            scalar ->
                Service.Metric.newBuilder()
                    .setKey(scalar.getKey())
                    .setValue(scalar.getValue())
                    .setTimestamp(now)
                    .setStep(epoch.epoch())
                    .build())
        .toList();
  }

  private static void update(MlflowClient client, String runId, Status status) {
    if (status == Status.RUNNING) {
      // The client has no call for a run that goes on.
      String unused =
          client.sendPost(
              "runs/update", Documents.toJsonLine(Map.of("run_id", runId, "status", "RUNNING")));
    } else {
      client.setTerminated(runId, RunStatus.valueOf(status.name()));
    }
  }
}
