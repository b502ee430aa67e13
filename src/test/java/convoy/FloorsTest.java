package convoy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "convoy", importOptions = ImportOption.DoNotIncludeTests.class)
class FloorsTest {

  @ArchTest
  static final ArchRule importsPointDownOnly =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("core")
          .definedBy("convoy.core..")
          .layer("data")
          .definedBy("convoy.data..")
          .layer("network")
          .definedBy("convoy.network..")
          .layer("evaluate")
          .definedBy("convoy.evaluate..")
          .layer("train")
          .definedBy("convoy.train..")
          .layer("report")
          .definedBy("convoy.report..")
          .layer("job")
          .definedBy("convoy.job..")
          .whereLayer("job")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("report")
          .mayOnlyBeAccessedByLayers("job")
          .whereLayer("train")
          .mayOnlyBeAccessedByLayers("job")
          .whereLayer("evaluate")
          .mayOnlyBeAccessedByLayers("train", "report", "job")
          .whereLayer("network")
          .mayOnlyBeAccessedByLayers("evaluate", "train", "job")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("network", "evaluate", "train", "report", "job");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("convoy.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyNetworkKnowsTheEngine =
      noClasses()
          .that()
          .resideOutsideOfPackage("convoy.network..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.deeplearning4j..", "org.nd4j..");

  @ArchTest
  static final ArchRule onlyCoreKnowsJacksonAndHadoop =
      noClasses()
          .that()
          .resideOutsideOfPackage("convoy.core..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.fasterxml.jackson..", "org.apache.hadoop..");

  @ArchTest
  static final ArchRule onlyJobKnowsTheCommandLine =
      noClasses()
          .that()
          .resideOutsideOfPackage("convoy.job..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..");

  @ArchTest
  static final ArchRule onlyDataKnowsTheDecoders =
      noClasses()
          .that()
          .resideOutsideOfPackage("convoy.data..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("javax.imageio..", "com.twelvemonkeys..");
}
