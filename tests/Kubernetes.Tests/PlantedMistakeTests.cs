using Foretell.Kubernetes.Tests.Rules;
using Foretell.Rendering;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests;

/// <summary>Mistakes planted in manifests that are right: each is found, and by its name.</summary>
public class PlantedMistakeTests
{
    [Theory]
    [InlineData("path: /health/ready\n            port: http", "path: /health/ready\n            port: web",
        "Deployment foretell-gateway, container silo: the readiness probe asks port 'web'")]
    [InlineData("targetPort: http", "targetPort: https", "Service foretell: port http leads to port 'https'")]
    [InlineData("ports:\n    - port: http", "ports:\n    - port: htp", "NetworkPolicy foretell-gateway opens port 'htp'")]
    [InlineData("containerPort: 5057", "containerPort: 70000", "port http is 70000; there are 1 to 65535.")]
    [InlineData("path: /health/live", "path: /healthz", "the liveness probe asks '/healthz', and should ask /health/live.")]
    [InlineData("failureThreshold: 84", "failureThreshold: 12", "the startup probe gives up after 60 s")]
    [InlineData("selector:\n    app.kubernetes.io/component: gateway", "selector:\n    app.kubernetes.io/component: gatway",
        "Service foretell selects app.kubernetes.io/component=gatway")]
    [InlineData("matchLabels:\n      app.kubernetes.io/component: worker", "matchLabels:\n      app.kubernetes.io/component: wroker",
        "Deployment foretell-worker selects app.kubernetes.io/component=wroker")]
    [InlineData("terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 30",
        "terminationGracePeriodSeconds is 30; preStop 10, ShutdownSeconds 25 and 15 of room make 50.")]
    [InlineData("sleep:\n              seconds: 10", "sleep:\n              seconds: 1", "preStop sleeps 1 s")]
    [InlineData("maxUnavailable: 0", "maxUnavailable: 1", "a rolling update has maxSurge '1' and maxUnavailable '1'")]
    [InlineData("FORETELL__PARTITIONS:", "FORETELL__PARTITION:", "Foretell:PARTITION is not a setting.")]
    [InlineData("FORETELL__SHUTDOWNSECONDS: \"25\"", "FORETELL__SHUTDOWNSECONDS: \"25s\"", "Foretell:ShutdownSeconds is '25s'.")]
    [InlineData("FORETELL__CLUSTER:", "FORETELL_CLUSTER:", "FORETELL_CLUSTER is no setting of a silo")]
    [InlineData("DOTNET_GCHeapHardLimitPercent: 3C", "DOTNET_GCHeapHardLimitPercent: \"75\"", "DOTNET_GCHeapHardLimitPercent is '75'.")]
    [InlineData("fieldPath: status.podIP", "fieldPath: status.hostIP", "FORETELL__ADDRESS must be the pod's own")]
    [InlineData("name: FORETELL__ROLES\n          value: ingest", "name: FORETELL__ROLES\n          value: worker", "No silo has the role ingest.")]
    [InlineData("name: FORETELL__ROLES\n          value: ingest", "name: FORETELL__ROLES\n          value: reader",
        "Foretell:Roles is 'reader'.")]
    [InlineData("name: FORETELL__KEYS\n          value: /secrets/keys/keys.json", "name: FORETELL__THREADS\n          value: \"2\"",
        "Foretell:Urls has http://*:5057, which others than this machine can reach, and anyone could read and write everything there.")]
    [InlineData("name: FORETELL__BEHINDTLSPROXY", "name: FORETELL__STOPWITHINPUT", "and keys and events would travel there in the clear.")]
    [InlineData("FORETELL__CERTIFICATE: /secrets/silo-tls/keystore.p12", "FORETELL__SCHEMA: foretell", "could join the cluster")]
    [InlineData("allowPrivilegeEscalation: false", "privileged: true", "it is privileged.")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "its root file system can be written.")]
    [InlineData("type: RuntimeDefault", "type: Unconfined", "its seccompProfile must be RuntimeDefault.")]
    [InlineData("enableServiceLinks: false", "hostNetwork: true", "it uses the node's own network, processes or files.")]
    [InlineData("limits:\n            memory: 512Mi\n", "limits: {}\n", "it has no limit of memory")]
    [InlineData("memory: 2Gi\n          requests", "cpu: \"2\"\n            memory: 2Gi\n          requests", "it has a limit of cpu, 2")]
    [InlineData("image: registry.example.com/foretell-silo:0.1.0", "image: registry.example.com/foretell-silo:0.2.0",
        "The silo's program comes from several images")]
    [InlineData("image: registry.example.com/foretell-silo:0.1.0\n", "imagePullPolicy: Always\n", "it has no image.")]
    [InlineData("image: registry.example.com/foretell-model:1", "image: registry.example.com/foretell-model:latest",
        "has no tag or digest of its own")]
    [InlineData("maxReplicas: 16", "maxReplicas: 17", "HorizontalPodAutoscaler foretell-worker goes up to 17, and there are 16 partitions")]
    [InlineData("stabilizationWindowSeconds: 1800", "stabilizationWindowSeconds: 0", "takes pods away in a hurry")]
    [InlineData("unhealthyPodEvictionPolicy: AlwaysAllow", "unhealthyPodEvictionPolicy: IfHealthyBudget",
        "PodDisruptionBudget foretell-gateway needs maxUnavailable 1")]
    [InlineData("serviceAccountName: foretell", "serviceAccountName: default", "runs as ServiceAccount default, which is not there.")]
    [InlineData("mountPath: /model\n          name: model", "mountPath: /model\n          name: models", "it mounts volume 'models'")]
    [InlineData("kind: ServiceAccount\nmetadata:\n", "kind: ServiceAccount\nmetadata:\n  namespace: default\n", "is bound to namespace default")]
    public async Task Check_WhenAMistakeIsPlanted_NamesIt(string right, string wrong, string sentence)
    {
        string yaml = await RenderedAsync();

        IReadOnlyList<string> found = ManifestRules.Check(Manifests.Load(Plant(yaml, right, wrong)));

        Assert.Contains(found, finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("readinessProbe:", "readynessProbe:", "readynessProbe")]
    [InlineData("kind: Service\n", "kind: Sevice\n", "Sevice")]
    [InlineData("apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n", "policy/v1beta1")]
    [InlineData("periodSeconds: 10\n", "periodSeconds: ten\n", "ten")]
    public async Task Load_WhenTheSchemaIsNotKept_Refuses(string right, string wrong, string name)
    {
        string yaml = Plant(await RenderedAsync(), right, wrong);

        Exception refused = Assert.ThrowsAny<Exception>(() => Manifests.Load(yaml));

        Assert.Contains(name, refused.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The first place only: one mistake among many that are right.</summary>
    private static string Plant(string yaml, string right, string wrong)
    {
        int place = yaml.IndexOf(right, StringComparison.Ordinal);
        Assert.True(place >= 0, $"The rendered manifests hold no '{right}' any more; plant this mistake elsewhere.");
        return string.Concat(yaml.AsSpan(0, place), wrong, yaml.AsSpan(place + right.Length));
    }

    private static Task<string> RenderedAsync()
    {
        Kustomize.SkipWithoutIt();
        return Kustomize.RenderAsync(Repository.At("k8s/overlays/production"));
    }
}
