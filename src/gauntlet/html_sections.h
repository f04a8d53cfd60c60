// SPDX-License-Identifier: Apache-2.0
// The sections of the HTML report. Each is a complete <section>, or empty where there is nothing to
// show. Everything a model or an endpoint wrote has gone through escape_html().
#pragma once

#include <string>
#include <string_view>

#include "gauntlet/report.h"

namespace stride::gauntlet {

std::string style_sheet();

std::string overview_section(const Summary& summary);
std::string results_section(const Summary& summary);
std::string delivery_section(const Summary& summary);
std::string speed_section(const Summary& summary);
std::string stability_section(const Summary& summary);
std::string load_section(const Summary& summary);
std::string cost_section(const ReportInput& input);
std::string contract_section(const Summary& summary);
std::string head_to_head_section(const ReportInput& input);
std::string published_section(const ReportInput& input);
std::string transcript_section(const Summary& summary);
std::string method_section(const Summary& summary);

// "<section id=..><h2>..</h2>"
std::string section_begin(std::string_view id, std::string_view title);
std::string figure(std::string_view caption, std::string_view chart);
std::string legend(std::initializer_list<std::pair<std::string_view, std::string_view>> entries);
// The colour class of a result.
std::string_view class_style(FailureClass failure);

}  // namespace stride::gauntlet
