package convoy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloorsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("convoy");

  @Test
  void importsPointDownOnly() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("core")
        .definedBy("convoy.core..")
        .layer("convolution")
        .definedBy("convoy.convolution..")
        .layer("cluster")
        .definedBy("convoy.cluster..")
        .layer("data")
        .definedBy("convoy.data..")
        .layer("network")
        .definedBy("convoy.network..")
        .layer("evaluate")
        .definedBy("convoy.evaluate..")
        .layer("rounds")
        .definedBy("convoy.rounds..")
        .layer("bench")
        .definedBy("convoy.bench..")
        .layer("dl4jspark")
        .definedBy("convoy.dl4jspark..")
        .layer("train")
        .definedBy("convoy.train..")
        .layer("report")
        .definedBy("convoy.report..")
        .layer("registry")
        .definedBy("convoy.registry..")
        .layer("ml")
        .definedBy("convoy.ml..")
        .layer("job")
        .definedBy("convoy.job..")
        .whereLayer("job")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("ml")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("registry")
        .mayOnlyBeAccessedByLayers("job")
        .whereLayer("report")
        .mayOnlyBeAccessedByLayers("registry", "job")
        .whereLayer("train")
        .mayOnlyBeAccessedByLayers("bench", "report", "registry", "ml", "job")
        .whereLayer("dl4jspark")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("bench")
        .mayOnlyBeAccessedByLayers("report", "job")
        .whereLayer("rounds")
        .mayOnlyBeAccessedByLayers("train", "bench", "dl4jspark")
        .whereLayer("evaluate")
        .mayOnlyBeAccessedByLayers("train", "report", "registry", "ml", "job")
        .whereLayer("network")
        .mayOnlyBeAccessedByLayers(
            "evaluate", "rounds", "train", "bench", "dl4jspark", "report", "registry", "ml", "job")
        .whereLayer("data")
        .mayOnlyBeAccessedByLayers(
            "network",
            "evaluate",
            "rounds",
            "train",
            "bench",
            "dl4jspark",
            "report",
            "registry",
            "ml",
            "job")
        .whereLayer("cluster")
        .mayOnlyBeAccessedByLayers(
            "data", "evaluate", "rounds", "train", "bench", "dl4jspark", "registry", "ml", "job")
        .whereLayer("convolution")
        .mayOnlyBeAccessedByLayers("network", "report", "job")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("convoy.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void everyEngineIsKnownToItsPackageOnly() {
    onlyKnownTo(
        List.of("convoy.network.dl4j..", "convoy.dl4jspark.."),
        "org.deeplearning4j..",
        "org.nd4j..");
    onlyKnownTo(List.of("convoy.network.torch.."), "org.bytedeco.pytorch..", "com.sun.jna..");
    // They are found as services; dl4j-spark's rounds train Deeplearning4j's own graphs.
    onlyKnownTo(List.of("convoy.network.dl4j..", "convoy.dl4jspark.."), "convoy.network.dl4j..");
    onlyKnownTo(List.of("convoy.network.torch.."), "convoy.network.torch..");
  }

  private static void onlyKnownTo(List<String> rooms, String... libraries) {
    noClasses()
        .that()
        .resideOutsideOfPackages(rooms.toArray(String[]::new))
        .and()
        .resideInAPackage("convoy..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(CLASSES);
  }

  @Test
  void theOperationsArePlainJava() {
    noClasses()
        .that()
        .resideInAPackage("convoy.convolution..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages("java..", "convoy.convolution..", "convoy.core..")
        .check(CLASSES);
  }

  @Test
  void coreKnowsNothingOfSpark() {
    noClasses()
        .that()
        .resideInAPackage("convoy.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "scala..")
        .check(CLASSES);
  }

  @Test
  void onlyCoreKnowsJacksonAndHadoop() {
    noClasses()
        .that()
        .resideOutsideOfPackage("convoy.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.fasterxml.jackson..", "org.apache.hadoop..")
        .check(CLASSES);
  }

  @Test
  void onlyJobKnowsTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("convoy.job..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..")
        .check(CLASSES);
  }

  @Test
  void onlyDataKnowsTheDecoders() {
    noClasses()
        .that()
        .resideOutsideOfPackage("convoy.data..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("javax.imageio..", "com.twelvemonkeys..")
        .check(CLASSES);
  }
}
