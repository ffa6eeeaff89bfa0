/** A client, written as a user of the package writes it: the server's address comes as the argument. */
import { createClient } from '@connectrpc/connect'
import { createTransport, type TransportOptions } from 'portico/client'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const options: TransportOptions = { baseUrl: process.argv[2] ?? '' }
const transport = createTransport(options)
const { message } = await createClient(GreeterService, transport).sayHello({ name: 'package' })
await transport.close()
process.stdout.write(`${message}\n`)
