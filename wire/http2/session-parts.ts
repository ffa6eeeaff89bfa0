/** Assembles the parts of a session. */
import { Dispatcher } from './dispatcher.ts'
import { Handshake } from './handshake.ts'
import { Outbox } from './outbox.ts'
import { Pings } from './pings.ts'
import { ReceiveFlow } from './receive-flow.ts'
import { Sender } from './sender.ts'
import type { SessionState } from './session-state.ts'
import { Shutdown } from './shutdown.ts'
import { StreamLifecycle } from './stream-lifecycle.ts'

/** The parts in layers: each knows the state of the session and the parts before it, and none after it. */
export class SessionParts {
  readonly state: SessionState
  readonly outbox: Outbox
  readonly receiveFlow: ReceiveFlow
  readonly dispatcher: Dispatcher
  readonly lifecycle: StreamLifecycle
  readonly sender: Sender
  readonly pings: Pings
  readonly shutdown: Shutdown
  readonly handshake: Handshake

  constructor(state: SessionState) {
    this.state = state
    this.outbox = new Outbox(state)
    this.receiveFlow = new ReceiveFlow(state, this.outbox)
    this.dispatcher = new Dispatcher(state, this.outbox, this.receiveFlow)
    this.lifecycle = new StreamLifecycle(state, this)
    this.sender = new Sender(state, this.outbox, this.lifecycle)
    this.pings = new Pings(state, this.outbox)
    this.shutdown = new Shutdown(state, this)
    this.handshake = new Handshake(state, this)
  }
}
