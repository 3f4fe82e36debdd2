-- Who may do what in the database: one user per function, with what its code does and no more.
--
-- Run by the master user in one transaction, again with every deployment: nobody is without rights
-- meanwhile, and a right that is not granted here any more is gone afterwards. The master user owns
-- every object; functions log in as users of their own, with IAM tokens and without a password.

DO $$
DECLARE
    function_user text;
BEGIN
    FOREACH function_user IN ARRAY ARRAY['orders_api', 'order_processor', 'recovery_step', 'sentinel', 'preflight',
                                         'reconciler']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = function_user) THEN
            EXECUTE format('CREATE ROLE %I', function_user);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE PASSWORD NULL', function_user);
        -- Whoever is in it logs in with an IAM token; only RDS has it.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
            EXECUTE format('GRANT rds_iam TO %I', function_user);
        END IF;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', function_user);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM %I', function_user);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', function_user);
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', function_user);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), function_user);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), function_user);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', function_user);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- Nobody else, now and for what later versions of the schema make.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;

-- Says whether an order is settled.
GRANT SELECT (id, settled_at) ON orders TO orders_api;

-- Settles: under the fence as it stands, new rows only.
GRANT EXECUTE ON FUNCTION hold_fence() TO order_processor, recovery_step;
GRANT SELECT, INSERT ON orders TO order_processor, recovery_step;
GRANT INSERT ON ledger, outbox TO order_processor, recovery_step;
GRANT USAGE ON SEQUENCE ledger_id_seq, outbox_id_seq, fence_refusals TO order_processor, recovery_step;

-- Raises the fence, beside settling what a replay finds.
GRANT SELECT, UPDATE (epoch, owner, raised_at) ON fence TO recovery_step;
GRANT UPDATE ON SEQUENCE fence_refusals TO recovery_step;

-- Compares the database with the journal and with its replica, and where their ledgers end.
GRANT SELECT (id, order_id, amount) ON ledger TO recovery_step, reconciler;
GRANT SELECT (order_id) ON outbox TO recovery_step, reconciler;
GRANT SELECT ON orders TO reconciler;

-- Looks for orders that were never settled, and notes how far it has looked.
GRANT SELECT (id) ON orders TO sentinel;
GRANT SELECT, INSERT (swept_through_ms), UPDATE (swept_through_ms) ON sweep TO sentinel;

-- Looks, and changes nothing.
GRANT SELECT ON fence, refinery_schema_history TO preflight;
GRANT SELECT (id, created_at) ON outbox TO preflight;
