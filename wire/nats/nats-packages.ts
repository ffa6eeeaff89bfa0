/** The packages of NATS, which a program installs if it uses NATS. They are optional peers of the package. */

/** The names of the packages, as `npm install` takes them. */
export const NATS_PACKAGES = '@nats-io/transport-node @nats-io/jetstream @nats-io/kv'

/** The packages that the registry and the topics need. */
export type NatsPackages = Awaited<ReturnType<typeof loadNatsPackages>>

/**
 * Loads the packages. Each import has its own `catch`, without which bundlers want the packages of programs that do without NATS.
 *
 * @throws Error that says what to install when one of them is missing
 */
export async function loadNatsPackages() {
  const transport = await import('@nats-io/transport-node').catch(explainMissing)
  const jetstream = await import('@nats-io/jetstream').catch(explainMissing)
  const kv = await import('@nats-io/kv').catch(explainMissing)
  return { transport, jetstream, kv }
}

function explainMissing(cause: unknown): never {
  if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
  throw new Error(`run "npm install ${NATS_PACKAGES}"`, { cause })
}
