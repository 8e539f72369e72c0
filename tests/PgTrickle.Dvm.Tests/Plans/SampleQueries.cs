namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>For each rule and each pass a query for which it fires, and a similar one for which it must not.</summary>
internal static class SampleQueries
{
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["filter"] = "SELECT customers.id, customers.name FROM public.customers WHERE (customers.tier = 'gold'::text)",
        ["filter_that_may_fail_sees_states_only"] = "SELECT orders.id FROM public.orders WHERE ((10 / orders.qty) > 1)",
        ["exists_looks_at_no_list"] = "SELECT c.id FROM public.customers c WHERE (EXISTS ( SELECT DISTINCT (10 / o.qty) FROM public.orders o WHERE (o.customer_id = c.id)))",
        ["gathered_in_the_order_of_a_sub_select"] =
            "SELECT c.id, ( SELECT jsonb_agg(x.*) AS jsonb_agg FROM ( SELECT o.qty FROM public.orders o WHERE (o.customer_id = c.id) ORDER BY o.amount DESC, o.id) x) AS orders FROM public.customers c",
        ["key_is_not_in_the_result"] = "SELECT customers.name FROM public.customers",
        ["distinct_on_key_is_eliminated"] = "SELECT DISTINCT ON (orders.id) orders.id, orders.qty FROM public.orders ORDER BY orders.id",
        ["distinct_on_other_column_is_kept"] = "SELECT DISTINCT ON (orders.qty) orders.qty, orders.id FROM public.orders ORDER BY orders.qty, orders.id",
        ["distinct_over_key_is_eliminated"] = "SELECT DISTINCT customers.id, customers.tier FROM public.customers",
        ["distinct_becomes_aggregate"] = "SELECT DISTINCT customers.tier FROM public.customers",
        ["sum_of_fixed_scale_is_state"] = "SELECT orders.qty, count(*) AS n, sum(orders.amount) AS total FROM public.orders GROUP BY orders.qty",
        ["sum_of_floats_is_read_again"] = "SELECT orders.qty, sum(orders.weight) AS total FROM public.orders GROUP BY orders.qty",
        ["hidden_count_only_if_none_is_yielded"] = "SELECT orders.qty, sum(orders.amount) AS total FROM public.orders GROUP BY orders.qty",
        ["extremes_are_read_again_on_demand"] = "SELECT orders.qty, max(orders.amount) AS amount FROM public.orders GROUP BY orders.qty",
        ["having_is_over_a_node"] = "SELECT orders.qty, count(*) AS n FROM public.orders GROUP BY orders.qty HAVING (count(*) > 1)",
        ["nullable_group_key_is_hashed"] = "SELECT orders.customer_id, count(*) AS n FROM public.orders GROUP BY orders.customer_id",
        ["one_row"] = "SELECT count(*) AS n, sum(orders.qty) AS total FROM public.orders",
        ["inner_join"] = "SELECT o.id, c.name FROM (public.orders o JOIN public.customers c ON ((c.id = o.customer_id))) WHERE (c.tier = 'x'::text)",
        ["three_tables"] = "SELECT o.id, c.name, l.v FROM ((public.orders o JOIN public.customers c ON ((c.id = o.customer_id))) JOIN public.log l ON ((l.k = o.qty)))",
        ["partners_that_many_share_are_looked_up_once"] = "SELECT o.day, sum(i.price) AS total FROM (public.orders o JOIN public.items i ON ((i.order_id = o.id))) GROUP BY o.day",
        ["commas_are_joined_by_their_conditions"] = "SELECT o.id, c.name, l.v FROM public.customers c, public.log l, public.orders o WHERE ((c.id = o.customer_id) AND (l.k = o.qty) AND (c.tier = 'x'::text))",
        ["cross_product_that_nothing_connects_stays"] = "SELECT c.name, l.v FROM public.customers c, public.log l WHERE (c.tier = 'x'::text)",
        ["left_join_by_key"] = "SELECT c.id, o.qty FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id = c.id)))",
        ["left_join_by_row"] = "SELECT c.id, o.qty FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id < c.id)))",
        ["filter_stays_above_padded_side"] = "SELECT c.id FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id = c.id))) WHERE (o.id IS NULL)",
        ["computed_column_of_padded_side_stays"] =
            "SELECT c.id, x.q FROM (public.customers c LEFT JOIN (SELECT orders.customer_id, COALESCE(orders.qty, 0) AS q FROM public.orders) x ON ((x.customer_id = c.id)))",
        ["computed_column_far_below_the_padding_stays"] =
            "SELECT c.id, x.q FROM (public.customers c LEFT JOIN (SELECT o.customer_id, o.q FROM (SELECT orders.id, orders.customer_id, true AS q FROM public.orders) o WHERE (EXISTS (SELECT 1 FROM public.log l WHERE (l.k = o.id)))) x ON ((x.customer_id = c.id)))",
        ["plain_column_of_padded_side_is_merged"] =
            "SELECT c.id, x.q FROM (public.customers c LEFT JOIN (SELECT orders.customer_id, orders.qty AS q FROM public.orders) x ON ((x.customer_id = c.id)))",
        ["full_join"] = "SELECT c.id, l.v FROM (public.customers c FULL JOIN public.log l ON ((l.k = c.id)))",
        ["union_all"] = "SELECT customers.id, customers.name FROM public.customers UNION ALL SELECT log.k, log.v FROM public.log",
        ["clock_range"] = "SELECT orders.id FROM public.orders WHERE (orders.day >= CURRENT_DATE)",
        ["clock_without_range"] = "SELECT orders.id FROM public.orders WHERE ((orders.day + orders.qty) <> CURRENT_DATE)",
        ["aggregate_below_the_top"] =
            "SELECT x.n, count(*) AS c FROM (SELECT orders.qty, count(*) AS n FROM public.orders GROUP BY orders.qty) x GROUP BY x.n",
        ["hidden_key_of_groups"] = "SELECT count(*) AS n FROM public.orders GROUP BY orders.customer_id",
        ["window_at_the_top"] = "SELECT orders.id, rank() OVER (PARTITION BY orders.customer_id ORDER BY orders.amount) AS r FROM public.orders",
        ["windows_with_several_partitions"] =
            "SELECT orders.id, count(*) OVER (PARTITION BY orders.customer_id) AS a, count(*) OVER (PARTITION BY orders.qty) AS b, count(*) OVER w AS c FROM public.orders WINDOW w AS (PARTITION BY orders.qty ORDER BY orders.day)",
        ["window_with_ties_below_the_top_is_a_node"] =
            "SELECT c.name, x.n FROM (public.customers c JOIN (SELECT orders.customer_id, row_number() OVER (PARTITION BY orders.customer_id ORDER BY orders.day) AS n FROM public.orders) x ON ((x.customer_id = c.id)))",
        ["window_under_unions_alone_is_computed_on_the_fly"] =
            "SELECT x.k FROM (SELECT log.k, row_number() OVER (PARTITION BY log.v) AS n FROM public.log) x WHERE (x.n < 3) UNION ALL SELECT customers.id FROM public.customers",
        ["having_that_is_read_again"] = "SELECT orders.qty, sum(orders.weight) AS w FROM public.orders GROUP BY orders.qty HAVING (sum(orders.weight) > (1)::double precision)",
        ["parts_that_are_the_same_are_one_node"] =
            "WITH x AS (SELECT orders.qty, sum(orders.amount) AS total FROM public.orders GROUP BY orders.qty) SELECT x.qty FROM x WHERE (x.total = ( SELECT max(y.total) AS max FROM x y))",
        ["rows_that_cancel_are_added_up_before_they_are_joined"] =
            "SELECT c.name FROM public.customers c WHERE ((c.id > ( SELECT avg(o.qty) AS avg FROM public.orders o)) AND (NOT (EXISTS ( SELECT 1 FROM public.log l WHERE (l.k = c.id)))))",
        ["first_rows"] = "SELECT orders.id, orders.amount FROM public.orders ORDER BY orders.amount DESC LIMIT 3",
        ["first_rows_below_the_top"] =
            "SELECT c.name, x.qty FROM (public.customers c JOIN (SELECT orders.customer_id, orders.qty FROM public.orders ORDER BY orders.amount LIMIT 3 OFFSET 1) x ON ((x.customer_id = c.id)))",
        ["limit_all_is_no_slice"] = "SELECT orders.id FROM public.orders ORDER BY orders.id LIMIT ALL",
        ["distinct_on_below_the_top_is_a_node"] =
            "SELECT c.name, x.qty FROM (public.customers c JOIN (SELECT DISTINCT ON (orders.customer_id) orders.customer_id, orders.qty FROM public.orders ORDER BY orders.customer_id, orders.day) x ON ((x.customer_id = c.id)))",
        ["sum_of_floats_below_the_top_is_a_node"] =
            "SELECT c.name, x.w FROM (public.customers c JOIN (SELECT orders.customer_id, sum(orders.weight) AS w FROM public.orders GROUP BY orders.customer_id) x ON ((x.customer_id = c.id)))",
        ["groups_of_floats_below_the_top_are_compared_by_image"] =
            "SELECT c.name, x.weight FROM (public.customers c JOIN (SELECT orders.weight, count(*) AS n FROM public.orders GROUP BY orders.weight) x ON ((x.n = c.id)))",
        ["intersect"] = "SELECT customers.id FROM public.customers INTERSECT SELECT log.k FROM public.log",
        ["except_all_repeats"] = "SELECT log.k FROM public.log EXCEPT ALL SELECT orders.qty FROM public.orders",
        ["except_below_the_top"] =
            "SELECT c.name FROM (public.customers c JOIN (SELECT log.k FROM public.log EXCEPT SELECT orders.qty FROM public.orders) x ON ((x.k = c.id)))",
        ["grouping_sets"] = "SELECT orders.qty, orders.customer_id, count(*) AS n FROM public.orders GROUP BY GROUPING SETS ((orders.qty), (orders.customer_id))",
        ["rollup_has_a_row_over_nothing"] = "SELECT orders.qty, sum(orders.amount) AS total FROM public.orders GROUP BY ROLLUP(orders.qty)",
        ["one_grouping_set_is_a_grouping"] = "SELECT orders.qty, count(*) AS n FROM public.orders GROUP BY GROUPING SETS ((orders.qty))",
        ["recursion_by_union_is_followed"] =
            "WITH RECURSIVE r(k) AS (SELECT customers.id FROM public.customers UNION SELECT o.qty FROM (r JOIN public.orders o ON ((o.customer_id = r.k)))) SELECT r.k FROM r",
        ["recursion_over_groups_is_followed"] =
            "WITH RECURSIVE r(k) AS (SELECT customers.id FROM public.customers UNION SELECT o.qty FROM ((r JOIN public.orders o ON ((o.customer_id = r.k))) CROSS JOIN LATERAL ( SELECT DISTINCT l.k FROM public.log l) x)) SELECT r.k FROM r",
        ["recursion_that_counts_its_own_rows_is_evaluated"] =
            "WITH RECURSIVE r(k, n) AS (SELECT customers.id, 0::bigint FROM public.customers UNION ALL SELECT o.qty, row_number() OVER (ORDER BY r.k, o.id) FROM (r JOIN public.orders o ON ((o.customer_id = r.k))) WHERE (r.n < 3)) SELECT r.k, r.n FROM r",
        ["recursion_with_search_and_cycle_is_followed"] =
            "WITH RECURSIVE r(id, k) AS (SELECT c.id, c.tier FROM public.customers c UNION ALL SELECT o.qty, r_1.k FROM (r r_1 JOIN public.orders o ON ((o.customer_id = r_1.id)))) SEARCH BREADTH FIRST BY k, id SET place CYCLE id SET looped USING way SELECT r.id, r.k, r.looped, cardinality(r.way) AS n, row_number() OVER (ORDER BY r.place) AS p FROM r",
        ["recursion_with_the_clock_is_followed"] =
            "WITH RECURSIVE r(k) AS (SELECT o.id FROM public.orders o WHERE (o.day < CURRENT_DATE) UNION SELECT o.qty FROM (r JOIN public.orders o ON ((o.customer_id = r.k)))) SELECT r.k FROM r",
        ["recursion_with_a_linear_step_is_followed"] =
            "WITH RECURSIVE r(id, depth) AS ( SELECT c.id, 0 FROM public.customers c WHERE (c.tier IS NULL) UNION ALL SELECT o.id, (r_1.depth + 1) FROM (r r_1 JOIN public.orders o ON ((o.customer_id = r_1.id))) WHERE (NOT (EXISTS ( SELECT FROM public.log l WHERE (l.k = r_1.id))))) SELECT r.id, r.depth FROM r WHERE (r.depth < 9)",
        ["recursion_below_the_top"] =
            "WITH RECURSIVE r(k) AS (SELECT customers.id FROM public.customers UNION SELECT o.qty FROM (r JOIN public.orders o ON ((o.customer_id = r.k)))) SELECT r.k, count(*) AS n FROM (r JOIN public.log l ON ((l.k = r.k))) GROUP BY r.k",
        ["plain_query_of_with_recursive_is_no_recursion"] = "WITH RECURSIVE c AS (SELECT customers.id FROM public.customers) SELECT c.id FROM c",
        ["pairs_that_a_sub_select_chooses"] =
            "SELECT c.name, o.amount FROM (public.customers c LEFT JOIN public.orders o ON (((o.customer_id = c.id) AND (( SELECT count(*) AS count FROM public.log l WHERE ((l.k = c.id) AND (l.v <> c.tier) AND (l.k < o.qty))) > 1))))",
        ["pairs_of_a_full_join"] =
            "SELECT c.name, o.amount FROM (public.customers c FULL JOIN public.orders o ON (((o.customer_id = c.id) AND (EXISTS ( SELECT FROM public.log l WHERE ((l.k = c.id) AND (l.k < o.qty)))))))",
        ["pairs_of_a_side_without_a_key"] =
            "SELECT l.v, o.amount FROM (public.log l LEFT JOIN public.orders o ON (((o.customer_id = l.k) AND (o.qty IN ( SELECT c.id FROM public.customers c WHERE (c.name = l.v))))))",
        ["pairs_of_a_full_join_without_a_key"] =
            "SELECT l.v, o.amount FROM (public.log l FULL JOIN public.orders o ON (((o.customer_id = l.k) AND (o.qty IN ( SELECT c.id FROM public.customers c WHERE (c.name = l.v))))))",
        ["clock_of_a_dependent_side"] =
            "SELECT c.id, x.qty FROM (public.customers c LEFT JOIN LATERAL ( SELECT o.qty, o.day FROM public.orders o WHERE (o.customer_id = c.id) ORDER BY o.id LIMIT 2) x ON ((x.day < CURRENT_DATE)))",
        ["function_of_the_clock"] =
            "SELECT g.i AS id, o.qty FROM (generate_series(1, (CURRENT_DATE - '2020-01-01'::date)) g(i) LEFT JOIN public.orders o ON ((o.customer_id = g.i)))",
        ["table_without_its_heirs"] = "SELECT p.name, c.id FROM (ONLY public.places p LEFT JOIN public.customers c ON ((c.name = p.name)))",
        ["heirs_are_beside_their_parent"] = "SELECT p.id, (EXISTS ( SELECT 1 FROM public.places q WHERE (q.id = p.id))) AS e FROM ONLY public.places p",
        ["only_without_heirs_says_nothing"] = "SELECT log.k FROM ONLY public.log",
        ["recursion_without_heirs"] =
            "WITH RECURSIVE r(k) AS (SELECT places.id FROM ONLY public.places UNION SELECT o.qty FROM (r JOIN public.orders o ON ((o.customer_id = r.k)))) SELECT r.k, count(*) AS n FROM (r JOIN public.log l ON ((l.k = r.k))) GROUP BY r.k",
        ["self_join"] = "SELECT a.v, b.v AS v2 FROM (public.log a JOIN public.log b ON ((a.k = b.k)))",
        ["exists_by_key_is_a_semi_join"] =
            "SELECT c.id FROM public.customers c WHERE (EXISTS ( SELECT 1 FROM public.orders o WHERE ((o.customer_id = c.id) AND (o.qty > 1))))",
        ["exists_of_rows_that_a_filter_leaves_looks_them_up_first"] =
            "SELECT c.id FROM public.customers c WHERE ((c.tier = 'x'::text) AND (EXISTS ( SELECT 1 FROM public.orders o WHERE (o.customer_id = c.id))))",
        ["rows_compared_with_an_average_are_kept"] =
            "SELECT o.customer_id, count(*) AS n FROM public.orders o WHERE ((o.qty > ( SELECT avg(p.qty) AS avg FROM public.orders p)) AND (NOT (EXISTS ( SELECT 1 FROM public.log l WHERE (l.k = o.id))))) GROUP BY o.customer_id",
        ["distinct_values_are_a_node"] = "SELECT o.customer_id, count(DISTINCT o.qty) AS q, count(DISTINCT o.qty) FILTER (WHERE (o.amount > (3)::numeric)) AS f FROM public.orders o GROUP BY o.customer_id",
        ["distinct_values_beside_other_aggregates"] = "SELECT count(DISTINCT o.customer_id) AS q, count(*) AS n, sum(o.qty) AS s, avg(o.amount) AS a, min(o.qty) AS m FROM public.orders o",
        ["distinct_values_of_a_key_are_all_values"] = "SELECT c.tier, count(DISTINCT c.id) AS n FROM public.customers c GROUP BY c.tier",
        ["not_exists_by_more_than_keys_counts_rows"] =
            "SELECT o.id FROM public.orders o WHERE (NOT (EXISTS ( SELECT 1 FROM public.orders p WHERE ((p.customer_id = o.customer_id) AND (p.qty <> o.qty)))))",
        ["exists_as_a_value_is_a_mark"] =
            "SELECT c.id FROM public.customers c WHERE ((c.tier = 'x'::text) OR (EXISTS ( SELECT 1 FROM public.log l WHERE (l.k = c.id))))",
        ["not_in_of_nullable_columns_asks_for_nulls"] =
            "SELECT o.id FROM public.orders o WHERE (NOT (o.customer_id IN ( SELECT log.k FROM public.log)))",
        ["not_in_of_keys_does_not"] =
            "SELECT c.id FROM public.customers c WHERE (NOT (c.id IN ( SELECT orders.id FROM public.orders)))",
        ["aggregate_that_all_rows_ask_for_is_a_node"] =
            "SELECT c.id, ( SELECT count(*) AS count FROM public.orders o WHERE (o.customer_id = c.id)) AS n FROM public.customers c",
        ["aggregate_of_the_query_around"] =
            "SELECT o.customer_id FROM public.orders o GROUP BY o.customer_id HAVING ((EXISTS ( SELECT FROM public.log l WHERE (l.k > max(o.qty)))) OR (count(*) IN ( SELECT c.id FROM public.customers c WHERE (c.id < sum(o.qty)))))",
        ["aggregate_that_some_rows_ask_for_depends_on_the_row"] =
            "SELECT c.id, ( SELECT count(*) AS count FROM public.orders o WHERE (o.customer_id = c.id)) AS n FROM public.customers c WHERE (c.tier = 'x'::text)",
        ["aggregate_that_padded_rows_ask_for_depends_on_the_row"] =
            "SELECT l.v, x.n FROM (public.log l LEFT JOIN ( SELECT c.id, ( SELECT count(*) AS count FROM public.orders o WHERE (o.customer_id = c.id)) AS n FROM public.customers c) x ON ((x.id = l.k)))",
        ["aggregate_of_all_rows_is_joined"] =
            "SELECT o.id FROM public.orders o WHERE (o.amount = ( SELECT max(p.amount) AS max FROM public.orders p))",
        ["sub_select_by_key_is_an_outer_join"] =
            "SELECT o.id, ( SELECT c.name FROM public.customers c WHERE (c.id = o.customer_id)) AS name FROM public.orders o",
        ["sub_select_of_many_rows_is_counted"] =
            "SELECT c.id, ( SELECT l.k FROM public.log l WHERE (l.v = c.name)) AS k FROM public.customers c",
        ["lateral_without_need_is_joined"] =
            "SELECT c.id, x.id AS oid FROM (public.customers c LEFT JOIN LATERAL ( SELECT o.id FROM public.orders o WHERE (o.customer_id = c.id)) x ON (true))",
        ["lateral_slice_depends_on_the_row"] =
            "SELECT c.id, x.id AS oid FROM public.customers c, LATERAL ( SELECT o.id FROM public.orders o WHERE (o.customer_id = c.id) ORDER BY o.amount, o.id LIMIT 1) x",
        ["sets_in_the_select_list"] = "SELECT o.id, generate_series(1, o.qty) AS i FROM public.orders o",
        ["function_of_a_row"] = "SELECT o.id, g.i FROM public.orders o, LATERAL generate_series(1, o.qty) g(i)",
    };
}
