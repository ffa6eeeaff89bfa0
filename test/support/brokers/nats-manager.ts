/** What tests do to JetStream beside its users: look at streams, purge and delete them. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

/** Runs work with the manager of the JetStream at a port, over a connection of its own. */
export async function withJetStreamManager<T>(
  port: number,
  work: (manager: JetStreamManager) => Promise<T>,
): Promise<T> {
  const connection = await connect({ port })
  try {
    return await work(await jetstreamManager(connection))
  } finally {
    await connection.close()
  }
}
