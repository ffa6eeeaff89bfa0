import { serve } from 'portico/server'
import { routes, setup } from './routes.ts'

await serve({ name: 'my-service', routes, setup })
