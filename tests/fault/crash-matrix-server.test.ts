import { describeCrashMatrix } from '../support/crash-matrix-suite';

describeCrashMatrix('server');
