/** How the tests reach their server as its superuser. */
export interface TestServerAddress {
  host: string;
  port: number;
  user: string;
  password: string;
}

/** The name of the environment variable that takes the address to the test processes, as JSON. */
export const TEST_SERVER_VARIABLE = 'KNEXWARD_TEST_SERVER';

/** The name of the one that says where that server logs to. */
export const TEST_SERVER_LOG_VARIABLE = 'KNEXWARD_TEST_SERVER_LOG';
