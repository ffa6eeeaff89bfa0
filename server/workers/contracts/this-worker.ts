/** The primary process of this one. A process is a worker or it is not, so that all servers in it share the link. */
import type { WorkerLink } from './worker-link.ts'

let primary: WorkerLink | undefined

/** Returns the link to the primary; undefined in a process that is no worker. */
export function thisWorker(): WorkerLink | undefined {
  return primary
}

/** Makes this process a worker. Called at its start, before a server is created. Undefined: it is none any more, for tests. */
export function becomeWorker(link: WorkerLink | undefined): void {
  primary = link
}
