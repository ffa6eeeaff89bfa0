/** Loads the packages of OpenTelemetry, which a program installs if it wants telemetry. */

const NAMES = [
  'api',
  'context-async-hooks',
  'core',
  'exporter-metrics-otlp-proto',
  'exporter-trace-otlp-proto',
  'resources',
  'sdk-metrics',
  'sdk-trace',
]

/** What to install. */
export const OTEL_INSTALL = `npm install ${NAMES.map((name) => `@opentelemetry/${name}`).join(' ')}`

/** The API, which is all that a program with its own SDK needs. */
export type OtelApiModule = typeof import('@opentelemetry/api')

/** The packages of the SDK. */
export type OtelPackages = Awaited<ReturnType<typeof loadSdkPackages>>

/** Says that a package is missing, and what to install. */
export class MissingPackage extends Error {}

/** @throws MissingPackage if the package is not installed */
export function loadOtelApi(): Promise<OtelApiModule> {
  return import('@opentelemetry/api').catch(rethrow)
}

/** @throws MissingPackage if one of the packages is not installed */
export function loadOtelSdk(): Promise<OtelPackages> {
  return loadSdkPackages()
}

/** Each import has its own `catch`, without which bundlers want the packages of programs that do without telemetry. */
async function loadSdkPackages() {
  const [core, contexts, resources, traces, spanExporter, metrics, metricExporter] = await Promise.all([
    import('@opentelemetry/core').catch(rethrow),
    import('@opentelemetry/context-async-hooks').catch(rethrow),
    import('@opentelemetry/resources').catch(rethrow),
    import('@opentelemetry/sdk-trace').catch(rethrow),
    import('@opentelemetry/exporter-trace-otlp-proto').catch(rethrow),
    import('@opentelemetry/sdk-metrics').catch(rethrow),
    import('@opentelemetry/exporter-metrics-otlp-proto').catch(rethrow),
  ])
  return { core, contexts, resources, traces, spanExporter, metrics, metricExporter }
}

function rethrow(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
  throw new MissingPackage(`telemetry needs packages of OpenTelemetry: ${OTEL_INSTALL}`, { cause: error })
}
